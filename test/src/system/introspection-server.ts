// One instance of a service whose tokens a provider describes; run as a process of its own.

import { createServer } from "node:http2";
import type { AddressInfo } from "node:net";
import { connectNodeAdapter } from "@connectrpc/connect-node";
import { createAuth } from "@connectum/auth";
import { introspection } from "@connectum/auth/introspection";
import { createClient } from "@keyv/redis";
import { EchoServicePolicy } from "../gen/lab/v1/lab_auth.js";
import { audience, clientId, clientSecret } from "../servers/token-provider.js";
import { labRoutes } from "../support/lab.js";

const [redisUrl = "", issuer = "", ttl = ""] = process.argv.slice(2);
const redis = createClient({ url: redisUrl, disableOfflineQueue: true });
// Without a listener an error event ends the process.
redis.on("error", () => {});
await redis.connect();

const auth = createAuth({
  policies: [EchoServicePolicy],
  authenticate: introspection({
    ...{ issuer, audience, clientId, clientSecret },
    cooldown: 100,
    cache: {
      ttl: Number(ttl),
      secret: "a secret of all instances, and of nobody else",
      store: {
        get: (key) => redis.get(key),
        set: (key, value, ttl) => redis.set(key, value, { PX: ttl }),
        delete: (key) => redis.del(key),
      },
    },
  }),
});
const server = createServer(connectNodeAdapter({ ...auth, routes: labRoutes(auth) }));
server.listen(0, "127.0.0.1", () => {
  console.log(`ready http://127.0.0.1:${(server.address() as AddressInfo).port}`);
});
