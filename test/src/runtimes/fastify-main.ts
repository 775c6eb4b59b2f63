// Serves the lab by Fastify, over HTTP/1.1 and HTTP/2 without TLS.
//
//     node fastify-main.js <address of the key set>
import type { AddressInfo } from "node:net";
import { fastifyConnectPlugin } from "@connectrpc/connect-fastify";
import { type FastifyInstance, fastify } from "fastify";
import { createRuntimeLab } from "./lab.js";

const { auth, routes, beside } = createRuntimeLab(process.argv[2] ?? "");

const ports = await Promise.all(
  [fastify(), fastify({ http2: true }) as unknown as FastifyInstance].map(async (server) => {
    await server.register(fastifyConnectPlugin, { ...auth, routes });
    server.get("*", async ({ method, url }, reply) => {
      const answer = await beside({ method, url: `http://lab${url}` });
      return reply
        .code(answer.status)
        .headers(Object.fromEntries(answer.headers))
        .send(await answer.text());
    });
    await server.listen({ host: "127.0.0.1", port: 0 });
    return (server.server.address() as AddressInfo).port;
  }),
);
console.log(`ready ${ports.join(" ")}`);
