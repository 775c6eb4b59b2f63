import { Code, ConnectError, createClient, createRouterTransport } from "@connectrpc/connect";
import { createAuth } from "@connectum/auth";
import { createDpopKeyPair, createDpopProof, type DpopKeyPair } from "@connectum/auth/client";
import { type IntrospectionOptions, introspection } from "@connectum/auth/introspection";
import { dpop } from "@connectum/auth/jwt";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { EchoServicePolicy } from "../gen/lab/v1/lab_auth.js";
import { EchoService } from "../gen/lab/v1/lab_pb.js";
import { startTokenProvider, type TokenProvider } from "../servers/token-provider.js";
import { TestStore } from "../store/instance.js";
import { labRoutes } from "../support/lab.js";
import { describedBy } from "./described-by.js";

const baseUrl = "https://api.example.com";
const address = `${baseUrl}/lab.v1.EchoService/Unary`;
const subject = "client:shop-api";
const denied = { code: Code.Unauthenticated, rawMessage: "Invalid credentials" };

let provider: TokenProvider;
let ada: DpopKeyPair;
let eve: DpopKeyPair;
let bound: string;
beforeAll(async () => {
  [provider, ada, eve] = await Promise.all([startTokenProvider(), createDpopKeyPair(), createDpopKeyPair()]);
  bound = await provider.issueClientToken(
    await createDpopProof(ada, { method: "POST", url: `${provider.issuer}/token` }),
  );
});
afterAll(() => provider.stop());

function start(options: Partial<IntrospectionOptions> = {}, proof = dpop({ baseUrl })) {
  const all = describedBy(provider, { clientPrefix: "client:", proofs: [proof], ...options });
  const auth = createAuth({ policies: [EchoServicePolicy], authenticate: introspection(all) });
  const transport = createRouterTransport(labRoutes(), { router: { interceptors: auth.interceptors } });
  const call = (headers: Record<string, string>) =>
    createClient(EchoService, transport)
      .unary({}, { headers })
      .then(({ subject }) => subject, ConnectError.from);
  return { call, prove: async (...given: Parameters<typeof proven>) => call(await proven(...given)) };
}

async function proven(token: string, keys = ada, url = address, of = token): Promise<Record<string, string>> {
  return { authorization: `DPoP ${token}`, dpop: await createDpopProof(keys, { method: "POST", url, token: of }) };
}

describe("an opaque token that a provider bound to a key", () => {
  test("is accepted with a proof, also from the cache, and each proof once", async () => {
    const server = start();
    const before = provider.introspections;
    for (let i = 0; i < 3; i++) {
      const headers = await proven(bound);
      expect(await server.call(headers)).toBe(subject);
      expect(await server.call(headers)).toMatchObject(denied);
    }
    expect(provider.introspections - before).toBe(1);
  });

  test("is refused without its proof, as Bearer too, and whoever else called before", async () => {
    const server = start();
    expect(await server.prove(bound)).toBe(subject);
    expect(await server.call({ authorization: `Bearer ${bound}` })).toMatchObject(denied);
    expect(await server.call({ authorization: `DPoP ${bound}` })).toMatchObject(denied);
    expect(await server.prove(bound, eve)).toMatchObject(denied);
    expect(await server.prove(bound, ada, `${address}s`)).toMatchObject(denied);
    expect(await server.prove(bound, ada, address, `${bound}x`)).toMatchObject(denied);
    expect(await server.prove(bound)).toBe(subject);
  });

  test("is refused as Bearer from the store of an instance that accepted its proof", async () => {
    const store = new TestStore();
    const cache = { store: store as never };
    expect(await start({ cache }).prove(bound)).toBe(subject);
    const entries = store.entries.size;
    expect(entries).toBeGreaterThan(0);
    const other = start({ cache });
    expect(await other.call({ authorization: `Bearer ${bound}` })).toMatchObject(denied);
    expect(await other.prove(bound)).toBe(subject);
    expect(store.entries.size).toBe(entries);
  });

  test("an unbound one is refused, unless the option says otherwise", async () => {
    const unbound = await provider.issueClientToken();
    const headers = { authorization: `Bearer ${unbound}` };
    expect(await start().call(headers)).toMatchObject(denied);
    expect(await start({ allowUnboundTokens: true }).call(headers)).toBe(subject);
    expect(await start({ allowUnboundTokens: true }).prove(unbound)).toMatchObject(denied);
  });

  test("is refused if the provider says DPoP, but not which key", async () => {
    try {
      provider.behave("well", ({ cnf: _, ...rest }) => rest);
      const headers = { authorization: `Bearer ${bound}` };
      expect(await start({ allowUnboundTokens: true }).call(headers)).toMatchObject(denied);
      provider.behave("well", ({ cnf: _, ...rest }) => ({ ...rest, token_type: "Bearer" }));
      expect(await start({ allowUnboundTokens: true }).call(headers)).toBe(subject);
    } finally {
      provider.behave("well");
    }
  });
});

test("a challenge names both ways in which tokens come", async () => {
  const without = (await start({ allowUnboundTokens: true }, dpop({ baseUrl, algorithms: ["ES256"] })).call({})) as {
    readonly metadata: Headers;
  };
  expect(without.metadata.get("www-authenticate")).toBe('Bearer, DPoP algs="ES256"');
});

test.each<[string, Partial<IntrospectionOptions>, string]>([
  ["both", { allowBoundTokens: true }, "allowBoundTokens: accepts tokens without the proofs that proofs demands"],
  ["none", { proofs: [] }, "proofs: expected a list of proofs of possession"],
])("options that contradict each other: %s", (_, options, message) => {
  expect(() => start(options)).toThrow(message);
});
