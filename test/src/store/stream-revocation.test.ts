import { type CallOptions, createClient, createRouterTransport } from "@connectrpc/connect";
import {
  type CreateAuthOptions,
  createAuth,
  createRevocations,
  credentials,
  type Revocation,
  type RevocationOptions,
} from "@connectum/auth";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { outcome } from "../authorization/callers.js";
import { EchoServicePolicy } from "../gen/lab/v1/lab_auth.js";
import { EchoService } from "../gen/lab/v1/lab_pb.js";
import { TestStore } from "./instance.js";

/** Milliseconds. Events are waited for, so that a slow machine is late, not wrong. */
const interval = 20;

let warn: ReturnType<typeof vi.spyOn>;
const aborts: AbortController[] = [];
beforeEach(() => {
  warn = vi.spyOn(console, "warn").mockImplementation(() => {});
});
afterEach(() => {
  for (const abort of aborts.splice(0)) abort.abort();
  warn.mockRestore();
});

/** A server of its own with streams that send a message every few milliseconds, and never end by themselves. */
function start(store: TestStore | undefined, more: RevocationOptions = {}) {
  const verifyCredentials = (subject: string) => ({ subject });
  const options: CreateAuthOptions = {
    policies: [EchoServicePolicy],
    authenticate: credentials({ verifyCredentials, cache: { ttl: 60_000 } }),
    revocations: createRevocations({ ...(store && { store }), interval, ...more }),
  };
  const auth = createAuth(options);
  const transport = createRouterTransport(
    (router) =>
      router.rpc(EchoService.method.serverStream, async function* (_, { signal }) {
        while (!signal.aborted) {
          yield { text: "message" };
          await new Promise((resolve) => setTimeout(resolve, 2));
        }
      }),
    { router: auth },
  );
  const echo = createClient(EchoService, transport);

  /** Opens a stream, and returns its end and its messages so far. */
  async function open(subject: string) {
    const abort = new AbortController();
    aborts.push(abort);
    const callOptions: CallOptions = { headers: { authorization: `Bearer ${subject}` }, signal: abort.signal };
    const stream = { messages: 0, ended: "" };
    const first = new Promise<void>((resolve) => {
      const messages = (async function* () {
        for await (const message of echo.serverStream({ text: "" }, callOptions)) {
          stream.messages++;
          resolve();
          yield message;
        }
      })();
      outcome(messages).then((ended) => {
        stream.ended = ended;
      });
    });
    await first;
    return { stream, close: () => abort.abort() };
  }
  return { ...auth, open };
}

/** Waits until a stream has sent some more messages. */
async function more(stream: { readonly messages: number }, count = 30) {
  const before = stream.messages;
  await expect.poll(() => stream.messages).toBeGreaterThan(before + count);
}

describe("a revocation on another instance ends open streams", () => {
  test.each<{ name: string; what: Revocation }>([
    { name: "of the subject", what: { subject: "ada" } },
    { name: "of the credential", what: { credential: "ada" } },
  ])("$name, and no others", async ({ what }) => {
    const store = new TestStore();
    const [here, there] = [start(store), start(store)];
    const [ada, bob] = [await there.open("ada"), await there.open("bob")];
    await more(ada.stream);
    await here.revoke(what);
    await expect.poll(() => ada.stream.ended).toBe("Unauthenticated");
    const { messages } = ada.stream;
    await more(bob.stream);
    expect([ada.stream.messages, bob.stream.ended]).toEqual([messages, ""]);
  });

  test("that this instance had not read when the stream began", async () => {
    const store = new TestStore();
    // The caller is asked about at the first call, and then once in a long interval.
    const [here, there] = [start(store), start(store, { interval: 400 })];
    (await there.open("ada")).close();
    await here.revoke({ subject: "ada" });
    const { stream } = await there.open("ada");
    await expect.poll(() => stream.ended).toBe("Unauthenticated");
  });

  test.each([
    { name: "with an earlier revocation", earlier: ["eve"] },
    { name: "as the first revocation", earlier: [] },
  ])("that came while the store was out of reach, when it is back, $name", async ({ earlier }) => {
    const store = new TestStore();
    const [here, there] = [start(store), new TestStore()];
    // The other instance reaches the same store, or does not.
    let isAway = false;
    const get = (key: string) => (isAway ? Promise.reject(new Error("ECONNREFUSED")) : store.get(key));
    Object.assign(there, { get });
    for (const subject of earlier) await here.revoke({ subject });
    const { stream } = await start(there).open("ada");
    await more(stream);
    isAway = true;
    await here.revoke({ subject: "ada" });
    await more(stream, 50);
    expect(stream.ended).toBe("");
    isAway = false;
    await expect.poll(() => stream.ended).toBe("Unauthenticated");
  });

  test("that the memory has no room for", async () => {
    const store = new TestStore();
    const [here, there] = [start(store), start(store, { maxSize: 1 })];
    await there.revoke({ subject: "eve" });
    const { stream } = await there.open("ada");
    await here.revoke({ subject: "ada" });
    await expect.poll(() => stream.ended).toBe("Unauthenticated");
  });
});

describe("without a revocation", () => {
  test("streams go on while the store is away, and the outage is logged", async () => {
    const store = new TestStore();
    const { open } = start(store);
    const { stream } = await open("ada");
    store.behaviour = "failing";
    await more(stream, 100);
    await expect.poll(() => warn.mock.calls.length).toBe(1);
    expect(warn.mock.calls[0]?.[0]).toContain("revocations.store: get failed");
    expect(stream.ended).toBe("");
  });

  test("many streams read one mark in an interval, after each was asked about once", async () => {
    const store = new TestStore();
    const { open } = start(store);
    const streams = await Promise.all(Array.from({ length: 50 }, (_, i) => open(`caller-${i}`)));
    const get = vi.spyOn(store, "get");
    const [{ stream }] = streams as [(typeof streams)[0]];
    await more(stream, 100);
    get.mockClear();
    await more(stream, 100);
    const keys = new Set(get.mock.calls.map(([key]) => key));
    expect([...keys]).toEqual(["connectum-auth-revoked:"]);
  });

  test("nothing is read when the last stream has ended", async () => {
    const store = new TestStore();
    const { open } = start(store);
    const { stream, close } = await open("ada");
    await more(stream);
    close();
    await expect.poll(() => stream.ended).toBe("Canceled");
    // A poll that was under way.
    await new Promise((resolve) => setTimeout(resolve, 2 * interval));
    const { reads } = store;
    await new Promise((resolve) => setTimeout(resolve, 5 * interval));
    expect(store.reads).toBe(reads);
  });

  test("without a store, there is nothing to watch", async () => {
    const { open, revoke } = start(undefined);
    const [ada, bob] = [await open("ada"), await open("bob")];
    await revoke({ subject: "ada" });
    await expect.poll(() => ada.stream.ended).toBe("Unauthenticated");
    expect(bob.stream.ended).toBe("");
  });
});
