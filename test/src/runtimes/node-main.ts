// Serves the lab by connect-node, over HTTP/1.1 and HTTP/2 without TLS: on Node, and on Bun and Deno, which have Node's servers.
//
//     node node-main.js <address of the key set>
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer as createHttp2Server } from "node:http2";
import type { AddressInfo } from "node:net";
import { connectNodeAdapter } from "@connectrpc/connect-node";
import { createRuntimeLab } from "./lab.js";

const { auth, routes, beside } = createRuntimeLab(process.argv[2] ?? "");

async function fallback({ method = "GET", url = "" }: IncomingMessage, response: ServerResponse): Promise<void> {
  const answer = await beside({ method, url: `http://lab${url}` });
  response.writeHead(answer.status, Object.fromEntries(answer.headers));
  response.end(await answer.text());
}

const listener = connectNodeAdapter({ ...auth, routes, fallback: fallback as never });
const ports = await Promise.all(
  [createServer(listener), createHttp2Server(listener)].map(
    (server) =>
      new Promise<number>((resolve) => {
        server.listen(0, "127.0.0.1", () => resolve((server.address() as AddressInfo).port));
      }),
  ),
);
console.log(`ready ${ports.join(" ")}`);
