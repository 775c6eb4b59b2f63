import { type AuthLimits, credentials, session } from "@connectum/auth";
import { describe, expect, test, vi } from "vitest";
import { withMovedClock } from "../support/moved-clock.js";
import { startInstance } from "./instance.js";

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
    expect(() => start({ role: 1 } as AuthLimits)).toThrow("did you mean roles?");
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
