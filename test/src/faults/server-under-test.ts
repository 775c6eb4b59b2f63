// One instance of the service under test, in a process of its own whose clock and collector the driver moves.

import { createServer } from "node:http";
import { createServer as createHttp2Server } from "node:http2";
import type { AddressInfo } from "node:net";
import { Code, ConnectError, type ConnectRouter, type HandlerContext } from "@connectrpc/connect";
import { connectNodeAdapter } from "@connectrpc/connect-node";
import { authContextKey, createAuth, createRevocations, getAuthContext, jwt, session } from "@connectum/auth";
import KeyvRedis from "@keyv/redis";
import Keyv from "keyv";
import { EchoServicePolicy } from "../gen/lab/v1/lab_auth.js";
import { EchoService } from "../gen/lab/v1/lab_pb.js";
import { realTime, stepClock } from "./movable-clock.js";
import type { Command, HandlerReport, Moment, Reply, ServerConfig } from "./server-protocol.js";
import { sessionCookie, times } from "./times.js";

const config = JSON.parse(process.argv[2] ?? "") as ServerConfig;
let rejections = 0;
let lateHandlers = 0;
process.on("unhandledRejection", (error) => {
  rejections++;
  console.error("unhandled rejection:", error);
});

function createStore(): Keyv {
  const store = new Keyv({ store: new KeyvRedis(config.storeUrl), useKeyPrefix: false });
  // Without a listener an error event ends the process.
  store.on("error", () => {});
  return store;
}

/** Asks the sessions service, for a bounded time. Errors of `fetch` are left as they are. */
async function get(url: string): Promise<{ status: number; text: string }> {
  const aborter = new AbortController();
  const timer = setTimeout(() => aborter.abort(new DOMException("no answer", "TimeoutError")), times.sessionTimeout);
  try {
    const response = await fetch(url, { signal: aborter.signal });
    return { status: response.status, text: await response.text() };
  } finally {
    clearTimeout(timer);
  }
}

const auth = createAuth({
  policies: [EchoServicePolicy],
  authenticate: [
    jwt({
      issuers: config.issuers.map(({ issuer, jwksUri }) => ({
        issuer,
        jwksUri,
        audience: config.audience,
        jwks: times.keySet,
      })),
      cache: {
        ttl: times.tokenCache,
        maxSize: 300,
        store: createStore(),
        secret: "a secret that all instances share",
        storeTimeout: times.storeTimeout,
      },
    }),
    session<{ readonly subject: string }>({
      cookie: sessionCookie,
      bearer: false,
      async verifySession(id) {
        const { status, text } = await get(`${config.sessionsUrl}/${id}`);
        if (status === 404) return undefined;
        if (!text.startsWith('{"subject"')) throw new ConnectError(`status ${status}`, Code.Unavailable);
        return JSON.parse(text) as { subject: string };
      },
      mapSession: ({ subject }) => ({ subject }),
      cache: { ttl: times.sessionCache, maxSize: 300 },
    }),
  ],
  revocations: createRevocations({
    store: createStore(),
    interval: times.revocationInterval,
    storeTimeout: times.storeTimeout,
  }),
  limits: { verifications: 100 },
});

const now = (): Moment => ({ real: realTime(), wall: Date.now() });

/** What the handler sees of its caller and of the clocks. */
function seen({ values }: HandlerContext, report: HandlerReport = now()) {
  return {
    text: JSON.stringify(report),
    subject: values.get(authContextKey)?.subject ?? "",
    current: getAuthContext()?.subject ?? "",
  };
}

function routes(router: ConnectRouter): void {
  router.service(EchoService, {
    unary(_, context) {
      if (context.signal.aborted) lateHandlers++;
      return seen(context);
    },
    publicUnary: (_, context) => seen(context),
    internalUnary: (_, context) => seen(context),
    async *serverStream(_, context) {
      for (let i = 0; i < 3; i++) yield seen(context);
    },
    async clientStream(requests, context) {
      const start = now();
      for await (const _ of requests);
      return seen(context, { ...start, end: now() });
    },
    async *bidiStream(requests, context) {
      for await (const _ of requests) yield seen(context);
    },
  });
}

const adapter = connectNodeAdapter({ ...auth, routes });
const servers = [createServer(adapter), createHttp2Server(adapter)];
const urls = await Promise.all(
  servers.map(
    (server) =>
      new Promise<string>((resolve) => {
        server.listen(0, "127.0.0.1", () => resolve(`http://127.0.0.1:${(server.address() as AddressInfo).port}`));
      }),
  ),
);
// Timers and requests that nobody holds are lost at once, and not when there happens to be a collection.
setInterval(() => globalThis.gc?.(), 1_000);

async function obey(command: Command): Promise<Omit<Reply, "id">> {
  if (command.do === "step") {
    stepClock(command.by);
    return {};
  }
  if (command.do === "measure") {
    globalThis.gc?.();
    const { heapUsed, rss } = process.memoryUsage();
    return { memory: { heap: heapUsed, rss }, rejections, lateHandlers };
  }
  const wall = Date.now();
  const taken = auth.revoke(command.what);
  const applied = { real: realTime(), wall };
  return taken.then(
    () => ({ applied, taken: true }),
    () => ({ applied, taken: false }),
  );
}

process.on("message", async (command: Command) => {
  const reply: Reply = { id: command.id, ...(await obey(command)) };
  process.send?.(reply);
});
process.on("disconnect", () => process.exit());
await auth.warmUp();
process.send?.({ id: 0, urls } as Reply);
