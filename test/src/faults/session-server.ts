// One instance of a service whose sessions are kept elsewhere and shared through Redis; run as a process of its own.

import { Code, ConnectError } from "@connectrpc/connect";
import { createAuth, session } from "@connectum/auth";
import KeyvRedis from "@keyv/redis";
import Keyv from "keyv";
import { EchoServicePolicy } from "../gen/lab/v1/lab_auth.js";
import { startLab } from "../support/lab.js";

interface Session {
  readonly subject: string;
}

const [redisUrl = "", sessionsUrl = "", ttl = ""] = process.argv.slice(2);
const store = new Keyv({ store: new KeyvRedis(redisUrl), useKeyPrefix: false });
// Without a listener an error event ends the process.
store.on("error", () => {});
process.on("unhandledRejection", (error) => {
  console.error("unhandled rejection", error);
  process.exit(1);
});

const auth = createAuth({
  policies: [EchoServicePolicy],
  authenticate: session<Session>({
    bearer: true,
    async verifySession(token) {
      const response = await fetch(`${sessionsUrl}/${token}`);
      if (response.status === 404) return undefined;
      if (!response.ok) throw new ConnectError("no answer", Code.Unavailable);
      return (await response.json()) as Session;
    },
    mapSession: ({ subject }) => ({ subject }),
    cache: { ttl: Number(ttl), store, namespace: "sessions", storeTimeout: 200 },
  }),
});
const lab = await startLab(auth);
console.log(`ready ${lab.http2Url}`);
