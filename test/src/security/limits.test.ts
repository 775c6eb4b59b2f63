import { setTimeout as sleep } from "node:timers/promises";
import { type AuthLimits, credentials, session } from "@connectum/auth";
import { describe, expect, test } from "vitest";
import { startInstance } from "./instance.js";

const named = (count: number, prefix: string) => Array.from({ length: count }, (_, i) => `${prefix}${i}`);

function start(limits?: AuthLimits, verifyTime = 0) {
  let running = 0;
  let most = 0;
  const instance = startInstance({
    authenticate: credentials({
      extractCredentials: (header) => header.get("authorization")?.slice("Bearer ".length),
      async verifyCredentials(token) {
        most = Math.max(most, ++running);
        await sleep(token.startsWith("slow") ? verifyTime : 0);
        running--;
        const [, kind, count] = /^(roles|scopes)(\d+)$/.exec(token) ?? [];
        return { subject: token.slice(0, 20), ...(kind && { [kind]: named(Number(count), kind) }) };
      },
      cache: { ttl: 60_000 },
    }),
    ...(limits && { limits }),
  });
  return { ...instance, mostAtATime: () => most };
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
    expect(() => start({ role: 1 } as AuthLimits)).toThrow("did you mean roles?");
  });
});

describe("verifications", () => {
  test("that take too long are given up: unavailable, and not refused for good", async () => {
    const { call } = start({ verificationTime: 50, verifications: 1 }, 120);
    for (const token of ["slow", "slow2"]) {
      const start_ = Date.now();
      expect(await call(token)).toBe("Unavailable");
      expect(Date.now() - start_).toBeLessThan(110);
    }
    expect(await call("fast")).toBe("fast");
    await sleep(100);
    // The verification was late, but it has come to an end.
    expect(await call("slow")).toBe("slow");
  });

  test("are given up one by one, each when its own time is over", async () => {
    const { call } = start({ verificationTime: 100 }, 400);
    const start_ = Date.now();
    const late = async (token: string) => {
      expect(await call(token)).toBe("Unavailable");
      return Date.now() - start_;
    };
    const first = late("slow1");
    await sleep(60);
    const second = late("slow2");
    expect(await call("fast")).toBe("fast");
    expect(await first).toBeLessThan(150);
    expect(await second).toBeGreaterThanOrEqual(155);
    expect(await call("fast2")).toBe("fast2");
  });

  test("may take longer than a timer can wait", async () => {
    const { call } = start({ verificationTime: Number.MAX_SAFE_INTEGER }, 50);
    expect(await call("slow")).toBe("slow");
  });

  test("are no more than may be at a time; the rest is told at once to come again", async () => {
    const { call, mostAtATime } = start({ verifications: 5 }, 100);
    const answers = await Promise.all(named(20, "slow").map((token) => call(token)));
    expect(answers.filter((answer) => answer === "Unavailable")).toHaveLength(15);
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
    const { call } = start({ verifications: 1 }, 50);
    expect(await Promise.all(Array.from({ length: 20 }, () => call("slow")))).toEqual(Array(20).fill("slow"));
  });
});

test("a flood of unknown tokens does not starve callers whose tokens are remembered", async () => {
  const { call } = start({ verifications: 20 }, 2_000);
  const known = named(10, "known");
  await Promise.all(known.map(call));
  let isOver = false;
  let flooded = 0;
  const flood = Array.from({ length: 100 }, async (_, i) => {
    for (let n = 0; !isOver; n++) {
      const answer = await Promise.race([call(`slow-${i}-${n}`), sleep(5, "waiting")]);
      if (answer !== "waiting" && answer !== "Unavailable" && !answer.startsWith("slow")) throw new Error(answer);
      flooded++;
      await sleep(1);
    }
  });
  const times: number[] = [];
  for (let n = 0; n < 30; n++) {
    const start_ = Date.now();
    expect(await Promise.all(known.map(call))).toEqual(known);
    times.push(Date.now() - start_);
    await sleep(10);
  }
  isOver = true;
  await Promise.all(flood);
  expect(flooded).toBeGreaterThan(200);
  // Verifying takes two seconds here: nobody who is remembered has waited for one.
  expect(Math.max(...times)).toBeLessThan(1_500);
});
