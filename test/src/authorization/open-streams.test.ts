import { createRouterTransport } from "@connectrpc/connect";
import { type CreateAuthOptions, createAuth, type DecisionEvent, type ServicePolicy } from "@connectum/auth";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { AccountServicePolicy } from "../gen/tenancy/v1/tenancy_auth.js";
import { AccountService } from "../gen/tenancy/v1/tenancy_pb.js";
import { asCaller, jsonScheme, tenancyClients } from "../support/tenancy.js";
import { outcome } from "./callers.js";

/** Permissions without a resource. */
const plain: ServicePolicy = {
  typeName: AccountServicePolicy.typeName,
  methods: {
    Watch: { access: "requires", roles: [], scopes: [], permissions: ["account.read"] },
    Chat: { access: "requires", roles: [], scopes: [], permissions: ["account.read"] },
    Ping: { access: "requires", roles: [], scopes: [] },
  },
};

let warn: ReturnType<typeof vi.spyOn>;
const aborts: AbortController[] = [];
beforeEach(() => {
  warn = vi.spyOn(console, "warn").mockImplementation(() => {});
});
afterEach(() => {
  for (const abort of aborts.splice(0)) abort.abort();
  warn.mockRestore();
});

type Grants = Extract<NonNullable<CreateAuthOptions["grants"]>, (...args: never) => unknown>;

/** A server whose streams send a message every few milliseconds, and never end by themselves. */
function start(policy: ServicePolicy, grants: CreateAuthOptions["grants"], more: Partial<CreateAuthOptions> = {}) {
  const events: DecisionEvent[] = [];
  const auth = createAuth({
    policies: [policy],
    authenticate: jsonScheme,
    ...(grants && { grants }),
    ...(typeof grants === "function" && { grantsCache: { ttl: 30 } }),
    onDecision: (event) => void events.push(event),
    ...more,
  });
  async function* ticks(signal: AbortSignal) {
    while (!signal.aborted) {
      yield {};
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }
  const transport = createRouterTransport(
    (router) => {
      router.rpc(AccountService.method.watch, (_, { signal }) => ticks(signal));
      router.rpc(AccountService.method.chat, (_, { signal }) => ticks(signal));
    },
    { router: auth },
  );
  const { accounts } = tenancyClients(transport);

  async function open(method: "watch" | "chat", subject: string, accountId = "1") {
    const abort = new AbortController();
    aborts.push(abort);
    const options = { headers: asCaller({ subject }), signal: abort.signal };
    const stream = { messages: 0, ended: "" };
    // The stream of requests stays open.
    async function* requests() {
      yield { accountId };
      await new Promise((resolve) => abort.signal.addEventListener("abort", resolve));
    }
    const answers = method === "watch" ? accounts.watch({ accountId }, options) : accounts.chat(requests(), options);
    const counted = (async function* () {
      for await (const answer of answers) {
        stream.messages++;
        yield answer;
      }
    })();
    outcome(counted).then((ended) => {
      stream.ended = ended;
    });
    await expect.poll(() => stream.messages + (stream.ended === "" ? 0 : 1)).toBeGreaterThan(0);
    return stream;
  }
  return { events, open, forgetGrants: auth.forgetGrants };
}

async function more(stream: { readonly messages: number }) {
  const before = stream.messages;
  await expect.poll(() => stream.messages).toBeGreaterThan(before + 20);
}

describe("a stream ends when its caller loses a permission", () => {
  test.each<{ name: string; policy: ServicePolicy; method: "watch" | "chat" }>([
    { name: "of the method", policy: plain, method: "watch" },
    { name: "of the method, both ways", policy: plain, method: "chat" },
    { name: "on the resource that the request names", policy: AccountServicePolicy, method: "watch" },
  ])("$name; others go on", async ({ policy, method }) => {
    const held = new Map([
      ["ada", ["account.read"]],
      ["bob", ["account.read"]],
    ]);
    const { events, open } = start(policy, ({ subject }) => held.get(subject) ?? []);
    const [ada, bob] = [await open(method, "ada"), await open(method, "bob")];
    expect((await open(method, "eve")).ended).toBe("PermissionDenied");
    await more(ada);
    held.set("ada", ["account.write"]);
    await expect.poll(() => ada.ended).toBe("PermissionDenied");
    const { messages } = ada;
    await more(bob);
    expect([ada.messages, bob.ended]).toEqual([messages, ""]);
    expect(events.filter(({ subject }) => subject === "ada").map(({ effect, reason }) => reason ?? effect)).toEqual([
      "allow",
      "missing-permission",
    ]);
  });

  test("at once after forgetGrants, whatever the cache has", async () => {
    let names = ["account.read"];
    const { open, forgetGrants } = start(plain, () => names, { grantsCache: { ttl: 600_000 } });
    const stream = await open("watch", "ada");
    names = [];
    await more(stream);
    expect(stream.ended).toBe("");
    forgetGrants("ada");
    await expect.poll(() => stream.ended).toBe("PermissionDenied");
  });

  test("an outage of the function ends it as unavailable, after `staleTtl`", async () => {
    let isAway = false;
    const grants: Grants = () => {
      if (isAway) throw new Error("ECONNREFUSED");
      return ["account.read"];
    };
    const { open } = start(plain, grants, { grantsCache: { ttl: 30, staleTtl: 600_000 } });
    const strict = start(plain, grants);
    const [lasting, ended] = [await open("watch", "ada"), await strict.open("watch", "ada")];
    isAway = true;
    await expect.poll(() => ended.ended).toBe("Unavailable");
    await more(lasting);
    expect(lasting.ended).toBe("");
  });
});

describe("a stream goes on", () => {
  test("in report mode, which only reports", async () => {
    let names = ["account.read"];
    const { open } = start(plain, () => names, { mode: "report" });
    const stream = await open("watch", "ada");
    names = [];
    await more(stream);
    await new Promise((resolve) => setTimeout(resolve, 1_200));
    expect(stream.ended).toBe("");
  });

  test("without a question, for a method that requires no permission", async () => {
    const grants = vi.fn(() => []);
    const { open } = start({ ...plain, methods: { ...plain.methods, Watch: { access: "allow" } } }, grants);
    const stream = await open("watch", "ada");
    await new Promise((resolve) => setTimeout(resolve, 1_200));
    expect([stream.ended, grants.mock.calls.length]).toEqual(["", 0]);
  });
});
