// One instance of a service with long streams and revocations in Redis; run as a process of its own, with --expose-gc.

import { createServer as createControl } from "node:http";
import { createServer } from "node:http2";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { connectNodeAdapter } from "@connectrpc/connect-node";
import { createAuth, createRevocations, credentials } from "@connectum/auth";
import KeyvRedis, { createClient } from "@keyv/redis";
import { Keyv } from "keyv";
import { EchoServicePolicy } from "../gen/lab/v1/lab_auth.js";
import { EchoService } from "../gen/lab/v1/lab_pb.js";

const [redisUrl = "", interval = "", period = ""] = process.argv.slice(2);
const redis = createClient({ url: redisUrl, disableOfflineQueue: true });
// Without a listener an error event ends the process.
redis.on("error", () => {});
const store = new Keyv<string>(new KeyvRedis(redis, { throwOnErrors: true, throwOnConnectError: false }));
store.on("error", () => {});

const auth = createAuth({
  policies: [EchoServicePolicy],
  authenticate: credentials({ verifyCredentials: (subject) => ({ subject }), cache: { ttl: 600_000 } }),
  revocations: createRevocations({ store, interval: Number(interval) }),
  asyncContext: false,
});
const server = createServer(
  connectNodeAdapter({
    ...auth,
    routes: (router) =>
      router.rpc(EchoService.method.serverStream, async function* (_, { signal }) {
        while (!signal.aborted) {
          yield { text: String(Date.now()) };
          await sleep(Number(period), undefined, { signal });
        }
      }),
  }),
);
const control = createControl(async (request, response) => {
  const { pathname, searchParams } = new URL(request.url ?? "", "http://localhost");
  try {
    if (pathname === "/revoke") await auth.revoke({ subject: searchParams.get("subject") ?? "" });
  } catch {
    response.statusCode = 503;
  }
  globalThis.gc?.();
  response.end(String(process.memoryUsage().heapUsed));
});
const ports = await Promise.all(
  [server, control].map(
    (one) =>
      new Promise<number>((resolve) => {
        one.listen(0, "127.0.0.1", () => resolve((one.address() as AddressInfo).port));
      }),
  ),
);
console.log(`ready ${ports.join(" ")}`);
