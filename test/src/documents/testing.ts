import { createAuth, jwt } from "@connectum/auth";
import { startTestKeySet } from "@connectum/auth/testing";
import { expect, vi } from "vitest";
import { once } from "./once.js";
import type { Runs } from "./runs.js";
import { shop, snippet } from "./shop.js";

/** What `node --test` printed about the tests of the page. */
const tested = once(async () => (await shop()).use("node --test --test-reporter=tap dist/testing/*.test.js"));

async function expectPassed(...names: string[]): Promise<void> {
  const output = await tested();
  for (const name of names) expect(output).toMatch(new RegExp(`^ok \\d+ - ${name}$`, "m"));
}

/** `test/src/system/test-runners.test.ts` runs the page's tests with vitest and jest. */
export const testing: Runs = {
  "src/testing/server.test.ts": () => expectPassed("editors cancel orders, and viewers do not"),
  async "src/testing/app.ts"() {
    expect(Object.keys(await snippet("src/testing/app.ts"))).toEqual(["createApp"]);
  },
  "src/testing/handler.test.ts": () =>
    expectPassed("an order is its customer's own", "a handler, without access control"),
  async "src/testing/own-order.ts"() {
    expect(Object.keys(await snippet("src/testing/own-order.ts"))).toEqual(["isOwnOrder"]);
  },
  "src/testing/policy.test.ts": () =>
    expectPassed(
      "who may cancel, and who may read",
      "every method is behind access control",
      "tables and services are of one build",
    ),
  "src/testing/clock.test.ts": () => expectPassed("a token counts until it expires"),

  async "src/testing/clock.ts"() {
    // With faked timers, a call whose key set hangs waits for the test to move them.
    const login = await startTestKeySet();
    login.fail("hang");
    vi.useFakeTimers({ toFake: ["setTimeout"] });
    try {
      const auth = createAuth({ policies: [], authenticate: jwt({ jwksUri: login.jwksUri, audience: "shop" }) });
      const warmUp = auth.warmUp().then(
        () => "fetched",
        () => "failed",
      );
      await vi.waitFor(() => expect(login.requests).toBe(1));
      expect(await Promise.race([warmUp, new Promise((resolve) => setImmediate(resolve, "waits"))])).toBe("waits");
      vi.advanceTimersByTime(5_000);
      expect(await warmUp).toBe("failed");
    } finally {
      vi.useRealTimers();
      await login.close();
    }
  },

  async "vitest clock.js"(text) {
    const { moveClock, resetClock } = await load(text, 'import { vi } from "vitest";\n', { vi });
    const before = Date.now();
    try {
      moveClock(3_600_000);
      expect(Date.now()).toBeGreaterThanOrEqual(before + 3_600_000);
      await new Promise((resolve) => setTimeout(resolve, 1));
    } finally {
      resetClock();
    }
    expect(Date.now()).toBeLessThan(before + 3_600_000);
  },

  // The system test runs it; here, its options are those that leave every other timer alone.
  async "jest clock.js"(text) {
    const useFakeTimers = vi.fn();
    const { moveClock } = await load(text, 'import { jest } from "@jest/globals";\n', { jest: { useFakeTimers } });
    moveClock(1);
    const [{ doNotFake }] = useFakeTimers.mock.calls[0] as [{ doNotFake: string[] }];
    expect(doNotFake).toEqual(expect.arrayContaining(["performance", "setImmediate", "setInterval", "setTimeout"]));
    expect(doNotFake).not.toContain("Date");
  },
};

type Clock = Record<"moveClock" | "resetClock", (milliseconds?: number) => void>;

/** The module of a text, with the import of its runner replaced. */
async function load(text: string, imported: string, globals: object): Promise<Clock> {
  expect(text).toContain(imported);
  const body = text.replace(imported, "").replaceAll("export function", "function");
  return new Function(...Object.keys(globals), `${body}\nreturn { moveClock, resetClock };`)(...Object.values(globals));
}
