import { type AuthLimits, credentials, type JwtIssuerOptions, jwt, session } from "@connectum/auth";
import { startTestKeySet, type TestKeySet } from "@connectum/auth/testing";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { startInstance } from "../store/instance.js";
import { withMovedClock } from "../support/moved-clock.js";

const named = (count: number, prefix: string) => Array.from({ length: count }, (_, i) => `${prefix}${i}`);

/** Verifications of tokens that begin with `slow` wait for `finish`. */
function start(limits?: AuthLimits) {
  let running = 0;
  let most = 0;
  let began = 0;
  const waiting = new Map<number, () => void>();
  let finish = () => {};
  const finished = new Promise<void>((resolve) => {
    finish = resolve;
  });
  const instance = startInstance({
    authenticate: credentials({
      extractCredentials: (header) => header.get("authorization")?.slice("Bearer ".length),
      async verifyCredentials(token) {
        most = Math.max(most, ++running);
        waiting.get(++began)?.();
        if (token.startsWith("slow")) await finished;
        running--;
        const [, kind, count] = /^(roles|scopes)(\d+)$/.exec(token) ?? [];
        return { subject: token.slice(0, 20), ...(kind && { [kind]: named(Number(count), kind) }) };
      },
      cache: { ttl: 60_000 },
    }),
    ...(limits && { limits }),
  });
  return {
    ...instance,
    finish,
    mostAtATime: () => most,
    /** Resolves when so many verifications have begun. */
    begun: (count: number) =>
      count <= began ? Promise.resolve() : new Promise<void>((resolve) => waiting.set(count, resolve)),
  };
}

describe("a caller who is over a limit is refused, and one at the limit is served", () => {
  test.each<[string, AuthLimits | undefined, string, string]>([
    ["credentialLength, by default", undefined, "x".repeat(16_384), "x".repeat(16_385)],
    ["credentialLength", { credentialLength: 30 }, "x".repeat(30), "x".repeat(31)],
    ["roles, by default", undefined, "roles1000", "roles1001"],
    ["roles", { roles: 2 }, "roles2", "roles3"],
    ["scopes, by default", undefined, "scopes1000", "scopes1001"],
    ["scopes", { scopes: 2 }, "scopes2", "scopes3"],
  ])("%s", async (_, limits, served, refused) => {
    const { call } = start(limits);
    expect(await call(served)).toBe(served.slice(0, 20));
    expect(await call(refused)).toBe("Unauthenticated");
  });

  test.each([
    ["cached", { ttl: 60_000 }],
    ["not cached", false],
  ] as const)(
    "credentialLength of sessions that are %s: the token counts, not what it is kept by",
    async (_, cache) => {
      const { call } = startInstance({
        authenticate: session({
          bearer: true,
          verifySession: (token) => token,
          mapSession: (subject) => ({ subject }),
          cache,
        }),
        limits: { credentialLength: 30 },
      });
      expect(await call("x".repeat(30))).toBe("x".repeat(30));
      expect(await call("x".repeat(31))).toBe("Unauthenticated");
    },
  );

  test.each(["credentialLength", "roles", "scopes", "verificationTime", "verifications"])(
    "%s must be above 0",
    (name) => {
      for (const value of [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, "1", undefined]) {
        expect(() => start({ [name]: value })).toThrow(`limits.${name}: expected a whole number above 0`);
      }
    },
  );

  test("a limit that is not known is refused", () => {
    expect(() => start({ role: 1 } as AuthLimits)).toThrow("Did you mean roles?");
  });
});

describe("verifications", () => {
  test("that take too long are given up: unavailable, and not refused for good", async () => {
    const { call, begun, finish } = start({ verificationTime: 50, verifications: 1 });
    await withMovedClock(async () => {
      for (const [i, token] of ["slow", "slow2"].entries()) {
        const answer = call(token);
        await begun(i + 1);
        await vi.advanceTimersByTimeAsync(50);
        expect(await answer).toBe("Unavailable");
      }
    });
    expect(await call("fast")).toBe("fast");
    finish();
    // The verification was late, but it has come to an end.
    expect(await call("slow")).toBe("slow");
  });

  test("are given up one by one, each when its own time is over", async () => {
    const { call, begun } = start({ verificationTime: 100 });
    const answers: string[] = [];
    const note = (token: string) => call(token).then((answer) => answers.push(`${token} ${answer}`));
    await withMovedClock(async () => {
      const first = note("slow1");
      await begun(1);
      await vi.advanceTimersByTimeAsync(60);
      const second = note("slow2");
      await begun(2);
      await vi.advanceTimersByTimeAsync(39);
      expect(answers).toEqual([]);
      await vi.advanceTimersByTimeAsync(1);
      await first;
      await vi.advanceTimersByTimeAsync(59);
      expect(answers).toEqual(["slow1 Unavailable"]);
      await vi.advanceTimersByTimeAsync(1);
      await second;
      expect(answers).toEqual(["slow1 Unavailable", "slow2 Unavailable"]);
    });
    expect(await call("fast")).toBe("fast");
  });

  test("may take longer than a timer can wait", async () => {
    const { call, begun, finish } = start({ verificationTime: Number.MAX_SAFE_INTEGER });
    const { answer } = await withMovedClock(async () => {
      const waiting = { answer: call("slow") };
      await begun(1);
      await vi.advanceTimersByTimeAsync(86_400_000);
      return waiting;
    });
    finish();
    expect(await answer).toBe("slow");
  });

  test("are no more than may be at a time; the rest is told at once to come again", async () => {
    const { call, finish, mostAtATime } = start({ verifications: 5 });
    const answers = named(20, "slow").map((token) => call(token));
    expect(await Promise.all(answers.slice(5))).toEqual(Array(15).fill("Unavailable"));
    finish();
    expect(await Promise.all(answers.slice(0, 5))).toEqual(named(5, "slow"));
    expect(mostAtATime()).toBe(5);
    expect(await call("slow19")).toBe("slow19");
  });

  test("that fail make room for others", async () => {
    const verifyCredentials = (subject: string) => (subject === "bad" ? null : { subject });
    const { call } = startInstance({
      authenticate: credentials({ verifyCredentials }),
      limits: { verifications: 1 },
    });
    for (let i = 0; i < 3; i++) expect(await call("bad")).toBe("Unauthenticated");
    expect(await call("ada")).toBe("ada");
  });

  test("of one credential count as one", async () => {
    const { call, begun, finish } = start({ verifications: 1 });
    const answers = Array.from({ length: 20 }, () => call("slow"));
    await begun(1);
    finish();
    expect(await Promise.all(answers)).toEqual(Array(20).fill("slow"));
  });
});

describe("issuers are bounded one by one", () => {
  let [a, b]: TestKeySet[] = [];
  beforeEach(async () => {
    [a, b] = [await startTestKeySet("ES256"), await startTestKeySet("ES256")];
  });
  afterEach(async () => {
    await Promise.all([a?.close(), b?.close()]);
  });
  const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString("base64url");
  const garbage = (iss: unknown, i: number) =>
    `${encode({ alg: "ES256", kid: `made-up-${i}` })}.${encode({ iss, sub: "eve", aud: "lab", i })}.${"A".repeat(86)}`;
  const issuers = () => [
    { issuer: "https://a.example.com", audience: "lab", jwksUri: String(a?.jwksUri), jwks: { timeout: 8_000 } },
    { issuer: "https://b.example.com", audience: "lab", jwksUri: String(b?.jwksUri), jwks: { cooldown: 50 } },
  ];
  const byB = async (sub: string) => String(await b?.sign({ iss: "https://b.example.com", sub, aud: "lab" }));
  const byA = async (sub: string) => String(await a?.sign({ iss: "https://a.example.com", sub, aud: "lab" }));

  test("garbage naming one whose endpoint hangs does not starve the callers of another", async () => {
    a?.fail("hang");
    const { call } = startInstance({ authenticate: jwt({ issuers: issuers() }) });
    const flood = Array.from({ length: 1_500 }, (_, i) => call(garbage("https://a.example.com", i)));
    const answers = await Promise.all(flood.slice(1_000));
    expect(new Set(answers)).toEqual(new Set(["Unavailable"]));
    // The first thousand wait. New callers of the other issuer are served meanwhile, and its own garbage is refused.
    for (let i = 0; i < 20; i++) expect(await call(await byB(`bob-${i}`))).toBe(`bob-${i}`);
    expect(await call(garbage("https://b.example.com", 0))).toBe("Unauthenticated");
    expect(await call(await byA("ada"))).toBe("Unavailable");
    await a?.close();
    await Promise.all(flood);
  });

  test("garbage naming nobody known is refused at once, and takes nobody's room", async () => {
    a?.fail("hang");
    const { call } = startInstance({ authenticate: jwt({ issuers: issuers() }), limits: { verifications: 1 } });
    const waiting = call(await byA("ada"));
    const names = ["https://c.example.com", "", "__proto__", undefined, 7, ["https://a.example.com"]];
    const answers = await Promise.all(Array.from({ length: 100 }, (_, i) => call(garbage(names[i % 6], i))));
    expect(new Set(answers)).toEqual(new Set(["Unauthenticated"]));
    expect(await call("no-token")).toBe("Unauthenticated");
    expect(await call(await byB("bob"))).toBe("bob");
    expect(await call(await byA("eve"))).toBe("Unavailable");
    await a?.close();
    expect(await waiting).toBe("Unavailable");
  });

  test("the names of one entry share its bound, as they share its keys", async () => {
    a?.fail("hang");
    const [one] = issuers();
    const both = { ...(one as JwtIssuerOptions), issuer: ["https://a.example.com", "https://a2.example.com"] };
    const { call } = startInstance({ authenticate: jwt({ issuers: [both] }), limits: { verifications: 1 } });
    const waiting = call(garbage("https://a.example.com", 0));
    expect(await call(garbage("https://a2.example.com", 0))).toBe("Unavailable");
    await a?.close();
    expect(await waiting).toBe("Unavailable");
  });

  test("a scheme does not starve another one", async () => {
    let answer: (identity: undefined) => void = () => {};
    const hangs = new Promise<undefined>((resolve) => {
      answer = resolve;
    });
    const keys = credentials({
      extractCredentials: (header) => /^Bearer key (.*)$/.exec(header.get("authorization") ?? "")?.[1],
      verifyCredentials: () => hangs,
    });
    const { call } = startInstance({
      authenticate: [keys, jwt({ issuers: issuers() })],
      limits: { verifications: 1 },
    });
    const waiting = call("key 1");
    expect(await call("key 2")).toBe("Unavailable");
    expect(await call(await byB("bob"))).toBe("bob");
    answer(undefined);
    expect(await waiting).toBe("Unauthenticated");
  });

  test("a remembered token is not decoded again", async () => {
    const { call } = startInstance({ authenticate: jwt({ issuers: issuers() }) });
    const token = await byB("bob");
    expect(await call(token)).toBe("bob");
    const parse = vi.spyOn(JSON, "parse");
    expect(await call(token)).toBe("bob");
    // What is read is the name of the key, and the call itself.
    for (const [text] of parse.mock.calls) expect(text).not.toContain('"aud"');
    parse.mockRestore();
  });
});

test("a flood of unknown tokens does not starve callers whose tokens are remembered", async () => {
  const { call, finish } = start({ verifications: 20 });
  const known = named(10, "known");
  await Promise.all(known.map(call));
  const flood: Promise<string>[] = [];
  for (let round = 0; round < 30; round++) {
    flood.push(...named(10, `slow-${round}-`).map(call));
    // No verification has come to an end: nobody who is remembered has waited for one.
    expect(await Promise.all(known.map(call))).toEqual(known);
  }
  finish();
  const answers = await Promise.all(flood);
  expect(answers.filter((answer) => answer.startsWith("slow"))).toHaveLength(20);
  expect(answers.filter((answer) => answer === "Unavailable")).toHaveLength(280);
});
