// What authentication and authorization cost together: a token seen before, one never seen, and garbage.
//
//     node --expose-gc bench/chain/index.js [rounds]
import { generateKeyPairSync } from "node:crypto";
import { createContextValues } from "@connectrpc/connect";
import { createAuth, jwt } from "@connectum/auth";
import { jwtVerify, SignJWT } from "jose";
import { describeMachine, measure, verdict } from "../support/measure.js";
import { createReflectiveAuthz, createReflectiveJwt } from "../support/reflective.js";
import { createSchema } from "../support/schema.js";

const rounds = Number(process.argv[2] ?? 15);
const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
const expected = { issuer: "https://login.example.com", audience: "bench", algorithms: ["RS256"] };
const sign = (id) =>
  new SignJWT({ sub: "ada", roles: ["admin"], jti: String(id) })
    .setProtectedHeader({ alg: "RS256" })
    .setIssuer(expected.issuer)
    .setAudience(expected.audience)
    .setExpirationTime("1h")
    .sign(privateKey);

const schema = createSchema(1, 10);
const [name] = Object.entries(schema.policies[0].methods).find(
  ([, { roles = [], scopes = [] }]) => roles.length === 1 && scopes.length === 0,
);
const method = schema.services[0].methods.find((candidate) => candidate.name === name);
const response = Object.freeze({ stream: false, message: {} });
const chain = (interceptors) =>
  interceptors.reduceRight(
    (next, interceptor) => interceptor(next),
    async () => response,
  );
const passThrough = (next) => async (req) => await next(req);
const ours = (options) =>
  createAuth({
    policies: schema.policies,
    authenticate: jwt({ publicKey, ...expected }),
    asyncContext: false,
    ...options,
  }).interceptors;
/** jose, and nothing else. */
const joseAlone = (next) => async (req) => {
  await jwtVerify(req.header.get("authorization").slice(7), publicKey, expected).catch(() => {});
  return next(req);
};

const { signal } = new AbortController();
/** So many calls, each with headers of its own as a server would have them. */
function calls(interceptors, tokenOf, { refused = false } = {}) {
  const call = chain(interceptors);
  return async (count) => {
    for (let i = 0; i < count; i++) {
      const header = new Headers({
        "content-type": "application/proto",
        "user-agent": "bench",
        "accept-encoding": "gzip",
        "connect-protocol-version": "1",
        authorization: `Bearer ${tokenOf(i)}`,
      });
      const req = {
        stream: false,
        service: method.parent,
        method,
        requestMethod: "POST",
        url: "",
        signal,
        header,
        contextValues: createContextValues(),
        message: {},
      };
      const outcome = await call(req).then(
        () => "ok",
        () => "refused",
      );
      if ((outcome === "refused") !== refused) throw new Error(`a call that was ${outcome}`);
    }
  };
}
const print = (results) => {
  for (const [name, time] of Object.entries(results)) console.log(`  ${time.toFixed(0).padStart(8)} ns  ${name}`);
};

console.log(describeMachine());
const token = await sign(0);
console.log("\nA token seen before, and a role that the caller has");
{
  const results = await measure(
    {
      "(a) no interceptor": calls([], () => token),
      "(b) pass-through": calls([passThrough], () => token),
      "(c) verified by jose, decided by reflection": calls(
        [createReflectiveJwt(publicKey, expected), createReflectiveAuthz()],
        () => token,
      ),
      ours: calls(ours(), () => token),
    },
    { calls: 10_000, rounds },
  );
  print(results);
  const base = results["(a) no interceptor"];
  verdict(
    "what (c) adds, against what ours adds",
    (results["(c) verified by jose, decided by reflection"] - base) / (results.ours - base),
    { atLeast: 20 },
  );
}

console.log("\nA token never seen");
{
  const perRound = 400;
  // The cache would know a token of an earlier round: each variant is given its own, once.
  const supply = (tokens) => {
    let used = 0;
    return () => tokens[used++];
  };
  const count = Math.ceil(perRound * 1.1) * (rounds + 3);
  const tokens = await Promise.all(Array.from({ length: count }, (_, i) => sign(i + 1)));
  const results = await measure(
    { "jose alone": calls([joseAlone], supply(tokens)), ours: calls(ours(), supply(tokens)) },
    { calls: perRound, rounds },
  );
  print(results);
  verdict("ours against jose alone", results.ours / results["jose alone"], { atMost: 1.1 });
}

console.log("\nGarbage: a token whose signature is wrong, another one each time");
{
  let serial = 0;
  const [head, body] = token.split(".");
  const garbage = () => `${head}.${body}.${Buffer.from(String(serial++).padStart(256, "x")).toString("base64url")}`;
  const results = await measure(
    { "jose alone": calls([joseAlone], garbage), ours: calls(ours(), garbage, { refused: true }) },
    { calls: 400, rounds },
  );
  print(results);
  verdict("ours against jose alone", results.ours / results["jose alone"], { atMost: 1.1 });
}

console.log("\nMemory on the allowed path");
{
  if (globalThis.gc === undefined) console.log("  run with --expose-gc to see it");
  else {
    const heapAfter = async (run) => {
      await run(20_000);
      globalThis.gc();
      const before = process.memoryUsage().heapUsed;
      await run(1_000_000);
      globalThis.gc();
      return process.memoryUsage().heapUsed - before;
    };
    /** Bytes that one call allocates: the growth of the heap while the collector has nothing to do. */
    const allocated = async (run) => {
      const samples = [];
      for (let i = 0; i < 200; i++) {
        globalThis.gc();
        const before = process.memoryUsage().heapUsed;
        await run(50);
        samples.push((process.memoryUsage().heapUsed - before) / 50);
      }
      return samples.sort((a, b) => a - b)[100];
    };
    const [none, guarded] = [calls([], () => token), calls(ours(), () => token)];
    const [without, withAuth] = [await allocated(none), await allocated(guarded)];
    console.log(
      `  ${(withAuth - without).toFixed(0)} bytes allocated for a call, on top of ${without.toFixed(0)} without interceptors`,
    );
    const kept = await heapAfter(guarded);
    verdict("bytes kept for each of a million calls", Math.max(kept, 0) / 1_000_000, { atMost: 0.1 });
  }
}
