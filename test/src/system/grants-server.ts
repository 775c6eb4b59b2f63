// One instance of a service that finds permissions in Redis; run as a process of its own.

import { createServer } from "node:http2";
import type { AddressInfo } from "node:net";
import { connectNodeAdapter } from "@connectrpc/connect-node";
import { createAuth } from "@connectum/auth";
import { createClient } from "@keyv/redis";
import { DocumentServicePolicy } from "../gen/tenancy/v1/tenancy_auth.js";
import { jsonScheme, tenancyRoutes } from "../support/tenancy.js";

const [redisUrl = "", ttl = "", staleTtl = ""] = process.argv.slice(2);
const redis = createClient({ url: redisUrl, disableOfflineQueue: true });
// Without a listener an error event ends the process.
redis.on("error", () => {});
await redis.connect();

let questions = 0;
const auth = createAuth({
  policies: [DocumentServicePolicy],
  authenticate: jsonScheme,
  async grants({ subject, roles }) {
    if (subject === "counter") return [`docs.read`];
    questions++;
    const lists = await Promise.all(roles.map((role) => redis.sMembers(`role:${role}`)));
    return new Set(lists.flat().map(String));
  },
  grantsCache: { ttl: Number(ttl), staleTtl: Number(staleTtl), timeout: 1_000 },
});
const routes = tenancyRoutes({ texts: [] });
const server = createServer(connectNodeAdapter({ ...auth, routes }));
server.listen(0, "127.0.0.1", () => {
  console.log(`ready http://127.0.0.1:${(server.address() as AddressInfo).port}`);
});
process.on("SIGUSR2", () => console.log(`questions ${questions}`));
