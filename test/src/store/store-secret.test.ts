import { type CacheOptions, credentials } from "@connectum/auth";
import { describe, expect, test } from "vitest";
import { startInstance, TestStore } from "./instance.js";

const secret = "a secret of at least 32 characters";

function start(store: TestStore, cache: Partial<CacheOptions> = { secret }) {
  let verifications = 0;
  const { call } = startInstance({
    authenticate: credentials({
      verifyCredentials(token) {
        verifications++;
        return { subject: `subject-of-${token}`, claims: { email: "ada@example.com" } };
      },
      cache: { store, namespace: "test", ...cache },
    }),
  });
  return { call, verifications: () => verifications };
}

describe("entries of a store", () => {
  test("carry no credential; with a secret, nothing that can be read", async () => {
    for (const cache of [{}, { secret }]) {
      const store = new TestStore();
      await start(store, cache).call("token");
      expect(store.entries.size).toBe(1);
      const text = JSON.stringify([...store.entries]);
      expect(text.replace("subject-of-token", "")).not.toContain("token");
      expect(text.includes("ada@example.com")).toBe(!("secret" in cache));
    }
  });

  test("are shared by instances with one secret, and by no others", async () => {
    const store = new TestStore();
    const first = start(store);
    const [same, other, without] = [start(store), start(store, { secret: `${secret}!` }), start(store, {})];
    for (const { call } of [first, same, other, without]) expect(await call("token")).toBe("subject-of-token");
    expect([first, same, other, without].map(({ verifications }) => verifications())).toEqual([1, 0, 1, 1]);
  });

  test("cannot be made up, moved or changed by who has the store", async () => {
    const store = new TestStore();
    const { call } = start(store);
    await call("ada");
    const [[adaKey = "", ada = ""] = []] = [...store.entries];
    await call("eve");
    const eveKey = [...store.entries.keys()].find((key) => key !== adaKey) as string;
    const changed = `${ada.startsWith("A") ? "B" : "A"}${ada.slice(1)}`;
    const plain = JSON.stringify({ version: 2, until: Date.now() + 60_000, identity: { subject: "subject-of-ada" } });
    for (const forged of [ada, changed, ada.slice(0, -2), ada.slice(0, 20), plain, "", "x", 1, { length: 40 }]) {
      store.entries.set(eveKey, forged as string);
      const fresh = start(store);
      expect(await fresh.call("eve")).toBe("subject-of-eve");
      expect(fresh.verifications()).toBe(1);
    }
  });

  test.each([
    ["short", { store: new TestStore(), secret: "x".repeat(31) }, "cache.secret: expected at least 32 characters"],
    ["no text", { store: new TestStore(), secret: 1e32 }, "cache.secret: expected at least 32 characters"],
    [
      "a list",
      { store: new TestStore(), secret: Array(32).fill("x") },
      "cache.secret: expected at least 32 characters",
    ],
    ["unset", { store: new TestStore(), secret: undefined }, "cache.secret: expected at least 32 characters"],
    ["without a store", { secret }, "cache.secret: has no effect without a store"],
  ])("a secret that is %s is refused", (_, cache, message) => {
    const authenticate = () =>
      credentials({ verifyCredentials: () => null, cache: { namespace: "n", ...cache } as CacheOptions });
    expect(() => startInstance({ authenticate: authenticate() })).toThrow(message);
  });

  test("a secret of 32 characters is enough", async () => {
    const secret = "x".repeat(32);
    const store = new TestStore();
    for (const verifications of [1, 0]) {
      const instance = start(store, { secret });
      expect(await instance.call("token")).toBe("subject-of-token");
      expect(instance.verifications()).toBe(verifications);
    }
  });
});
