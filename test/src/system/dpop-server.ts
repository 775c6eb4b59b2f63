// One instance of a service whose callers prove their keys, and which remembers the proofs in Redis; run as a process of its own.

import { createAuth, jwt } from "@connectum/auth";
import { dpop, type ReplayStore } from "@connectum/auth/jwt";
import KeyvRedis, { createClient } from "@keyv/redis";
import Keyv from "keyv";
import { EchoServicePolicy } from "../gen/lab/v1/lab_auth.js";
import { startLab } from "../support/lab.js";

const [redisUrl = "", form = "", issuer = "", baseUrl = ""] = process.argv.slice(2);
process.on("unhandledRejection", (error) => {
  console.error("unhandled rejection", error);
  process.exit(1);
});

/** The recipe of the documentation. */
async function redisStore(): Promise<ReplayStore> {
  const redis = createClient({ url: redisUrl, disableOfflineQueue: true });
  // Without a listener an error event ends the process.
  redis.on("error", () => {});
  await redis.connect();
  return { add: async (key, ttl) => (await redis.set(key, "", { NX: true, PX: ttl })) !== null };
}

function keyvStore(): Keyv {
  const store = new Keyv({ store: new KeyvRedis(redisUrl), useKeyPrefix: false });
  store.on("error", () => {});
  return store;
}

const auth = createAuth({
  policies: [EchoServicePolicy],
  authenticate: jwt({
    issuer,
    jwksUri: `${issuer}/jwks`,
    audience: "lab",
    proofs: [
      dpop({
        baseUrl,
        store: form === "keyv" ? keyvStore() : await redisStore(),
        storeFailure: form === "local" ? "local" : "refuse",
        storeTimeout: 1_000,
      }),
    ],
  }),
});
await auth.warmUp();
const lab = await startLab(auth);
console.log(`ready ${lab.http2Url} ${lab.http1Url}`);
