import { setTimeout as sleep } from "node:timers/promises";
import { createJwtAuthInterceptor } from "@connectum/auth";
import fc from "fast-check";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { tryIt } from "../support/call.js";
import { createSigner, type Endpoint, startEndpoint } from "./published-keys.js";

// Rotations, outages, forged tokens and time in random order, compared with what the documentation promises.

const times = { cooldown: 100, maxAge: 1_000, maxStale: 5_000, timeout: 400 };
/** An endpoint that failed is asked again after the longest pause, and is known to fail until that request ends. */
const longestPause = 8 * times.cooldown + times.timeout;

/** What is published from a time on, until the next period begins. */
interface Period {
  readonly from: number;
  readonly keys: readonly number[];
  readonly isWell: boolean;
}

const signers = Array.from({ length: 9 }, (_, i) => createSigner(["a", "b", undefined][i % 3]));
const strangers = [createSigner("a"), createSigner(undefined), createSigner("made-up")];

/** Signed once, so that they are remembered. */
const tokens = await Promise.all(signers.map(({ sign }) => Promise.all([sign("ada"), sign("bob")])));
const forged = await Promise.all(strangers.map(({ sign }) => Promise.all([sign("eve"), sign("mallory")])));

const step = fc.oneof(
  { weight: 3, arbitrary: fc.record({ pass: fc.constantFrom(1, 50, 99, 100, 101, 300, 999, 1_000, 3_000, 10_000) }) },
  // At most one key of a name: a name of several is ambiguous.
  { weight: 1, arbitrary: fc.record({ publish: fc.tuple(fc.nat(2), fc.nat(2), fc.nat(2), fc.nat(2)) }) },
  { weight: 1, arbitrary: fc.record({ isWell: fc.boolean() }) },
  { weight: 6, arbitrary: fc.record({ call: fc.nat(8), token: fc.nat(1) }) },
  { weight: 1, arbitrary: fc.record({ forge: fc.nat(2), token: fc.nat(1) }) },
);

let endpoint: Endpoint;
beforeEach(async () => {
  vi.useFakeTimers({ toFake: ["performance"] });
  vi.spyOn(console, "warn").mockImplementation(() => {});
  endpoint = await startEndpoint();
});
afterEach(async () => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  await endpoint.close();
});

/** The outcome of a call. The clock goes on while it waits for a cool-down to be over. */
async function outcomeOf(call: Promise<{ readonly code: string }>): Promise<string> {
  let code: string | undefined;
  void call.then((outcome) => {
    code = outcome.code;
  });
  for (let waited = 0; code === undefined; waited++) {
    await sleep(1);
    if (waited > 20) vi.advanceTimersByTime(10);
  }
  return code;
}

test("a key set does what is promised, whatever happens in whatever order", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 60, maxLength: 60 }), async (steps) => {
      const interceptor = createJwtAuthInterceptor({
        jwksUri: endpoint.url,
        audience: "lab",
        jwks: times,
        cache: { ttl: 1e9 },
      });
      const periods: Period[] = [{ from: performance.now(), keys: [0, 1, 2], isWell: true }];
      const requests: number[] = [];
      endpoint.answer = (response: { statusCode: number; end(text: string): void }) => {
        requests.push(performance.now());
        const { keys, isWell } = periods.at(-1) as Period;
        response.statusCode = isWell || requests.length % 2 === 0 ? 200 : 500;
        response.end(JSON.stringify({ keys: isWell ? keys.map((i) => signers[i]?.jwk) : [] }));
      };
      const begin = (change: Partial<Period>) =>
        periods.push({ ...(periods.at(-1) as Period), ...change, from: performance.now() });
      /** Whether it was so at this time or later. */
      const was = (is: (period: Period) => boolean, since: number) =>
        periods.some((period, i) => is(period) && (periods[i + 1]?.from ?? Number.POSITIVE_INFINITY) >= since);

      for (const what of steps) {
        if ("pass" in what) vi.advanceTimersByTime(what.pass);
        else if ("isWell" in what) begin(what);
        else if ("publish" in what) {
          const [a, b, c, d] = what.publish;
          begin({ keys: [...new Set([3 * a, 3 * b + 1, 3 * c + 2, 3 * d + 2])] });
        } else if ("forge" in what) {
          expect(await outcomeOf(tryIt(interceptor, forged[what.forge]?.[what.token]))).not.toBe("ok");
        } else {
          const { call: key, token } = what;
          const asked = performance.now();
          const code = await outcomeOf(tryIt(interceptor, tokens[key]?.[token]));
          const isServed = ({ keys, isWell }: Period) => keys.includes(key) && isWell;
          const isFailing = ({ isWell }: Period) => !isWell;
          const { from, keys, isWell } = periods.at(-1) as Period;
          if (code === "ok") {
            const isStale =
              was(isFailing, asked - longestPause) && was(isServed, asked - times.maxAge - times.maxStale);
            expect(was(isServed, asked - times.maxAge) || isStale, "accepted by a key that is gone").toBe(true);
          } else if (isWell && keys.includes(key)) {
            // The longest pause after an outage, and a cool-down after a rotation.
            expect(asked - from, `${code}, though its key is there`).toBeLessThan(longestPause);
            if (code === "Unauthenticated") {
              const isOther = (period: Period) => String(period.keys) !== String(keys);
              expect(was(isOther, asked - times.cooldown), "refused, though its key has been there").toBe(true);
            }
          }
        }
      }
      const gaps = requests.slice(1).map((time, i) => time - (requests[i] as number));
      expect(Math.min(times.cooldown, ...gaps), "asked within the cool-down").toBe(times.cooldown);
    }),
    { numRuns: 20, seed: 14 },
  );
}, 120_000);
