import { runInNewContext } from "node:vm";
import {
  createInternalAuthInterceptor,
  createRevocations,
  InvalidCredentialError,
  type Revocations,
} from "@connectum/auth";
import { afterEach, describe, expect, test, vi } from "vitest";
import { ok, refused, tryIt, unavailable } from "../support/call.js";

afterEach(() => vi.useRealTimers());

type Answer = "yes" | "no" | "never";
const identity = { subject: "ada" };

/** Promises that are not `instanceof Promise`. */
const kinds = {
  "of another realm": runInNewContext("(executor) => new Promise(executor)") as typeof promiseOf,
  "of a library": (executor: Parameters<typeof promiseOf>[0]) => {
    const promise = promiseOf(executor);
    // biome-ignore lint/suspicious/noThenProperty: query builders are made so.
    return { then: promise.then.bind(promise) } as Promise<unknown>;
  },
};
function promiseOf(executor: (resolve: (value: unknown) => void, reject: (error: unknown) => void) => void) {
  return new Promise(executor);
}

describe.each(Object.entries(kinds))("a promise %s is waited for", (_, create) => {
  const answerWith = (answer: Answer, value: unknown) =>
    create((resolve, reject) => {
      if (answer === "yes") setImmediate(resolve, value);
      if (answer === "no") setImmediate(reject, new InvalidCredentialError("no"));
    });
  const start = (answer: Answer, key: string | undefined, revocations?: Revocations) =>
    createInternalAuthInterceptor({
      trust: {
        name: "own",
        challenge: undefined,
        trustedHeaders: [],
        cache: key === undefined ? false : {},
        read: () => ({ key, verify: () => answerWith(answer, { identity }) as Promise<{ identity: typeof identity }> }),
      },
      ...(revocations && { revocations }),
    });

  test.each([undefined, "key"])("where a scheme of one's own verifies by it, with %s", async (key) => {
    expect(await tryIt(start("yes", key))).toEqual(ok());
    expect(await tryIt(start("no", key))).toMatchObject(refused());
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
    const late = tryIt(start("never", key));
    await new Promise((resolve) => setImmediate(resolve));
    await vi.advanceTimersByTimeAsync(10_000);
    expect(await late).toEqual(unavailable);
  });
  test("where revocations answer by it", async () => {
    const by = (answer: Answer): Revocations => ({
      ...createRevocations(),
      check: () => answerWith(answer, undefined) as Promise<void>,
    });
    expect(await tryIt(start("yes", "key", by("yes")))).toEqual(ok());
    expect(await tryIt(start("yes", "key", by("no")))).toMatchObject(refused());
  });
});

test("what is neither a promise nor undefined is no answer of revocations", async () => {
  for (const answer of [false, true, null, 0, "no"]) {
    const revocations = { ...createRevocations(), check: () => answer as never };
    const trust = {
      name: "own",
      challenge: undefined,
      trustedHeaders: [],
      cache: false,
      read: () => ({ key: undefined, verify: () => ({ identity }) }),
    } as const;
    expect(await tryIt(createInternalAuthInterceptor({ trust, revocations }))).toMatchObject(refused());
  }
});
