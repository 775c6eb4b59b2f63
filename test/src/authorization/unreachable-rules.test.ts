import { type AuthzRule, createAuthzInterceptor, createProtoAuthzInterceptor } from "@connectum/auth";
import { afterEach, beforeEach, describe, expect, type MockInstance, test, vi } from "vitest";
import { AccessServicePolicy } from "../gen/lab/v1/lab_auth.js";
import { as, inProcess, outcome } from "./callers.js";

let warned: MockInstance;
beforeEach(() => {
  warned = vi.spyOn(console, "warn").mockImplementation(() => {});
});
afterEach(() => warned.mockRestore());
const lines = () => warned.mock.calls.map(([line]) => String(line).replace("@connectum/auth: rule ", ""));

const rule = (name: string, effect: "allow" | "deny", methods: string[], roles?: string[]): AuthzRule => ({
  name,
  effect,
  methods,
  ...(roles && { requires: { roles } }),
});

describe("a rule that something before it makes unreachable is reported at creation", () => {
  const freeze = rule("freeze", "deny", ["lab.v1.PlainService/Get"]);
  test.each([
    { name: "everything", before: rule("open", "allow", ["*"]) },
    { name: "its service", before: rule("open", "allow", ["lab.v1.PlainService/*"]) },
    { name: "its package", before: rule("open", "allow", ["lab.*/*"]) },
    { name: "a prefix of its name", before: rule("open", "allow", ["lab.v1.PlainService/G*"]) },
    { name: "itself", before: rule("open", "allow", ["lab.v1.PlainService/List", "lab.v1.PlainService/Get"]) },
  ])("$name", ({ before }) => {
    createAuthzInterceptor({ rules: [before, freeze] });
    expect(lines()).toEqual(['freeze: "lab.v1.PlainService/Get" is unreachable: rule open decides first']);
  });
  test.each(["*", "lab.v1.PlainService/*", "lab.v1.PlainService/Get"])("skipMethods %s", (pattern) => {
    createAuthzInterceptor({ skipMethods: [pattern], rules: [freeze] });
    expect(lines()).toEqual(['freeze: "lab.v1.PlainService/Get" is unreachable: skipMethods decides first']);
  });
  test("patterns of many methods, and where tables leave methods to the rules", () => {
    const rules = [rule("open", "allow", ["lab.*/*"]), rule("freeze", "deny", ["lab.v1.*/*"])];
    createProtoAuthzInterceptor({ policies: [AccessServicePolicy], rules });
    expect(lines()).toEqual(['freeze: "lab.v1.*/*" is unreachable: rule open decides first']);
  });
  test.each([
    { name: "another method", before: rule("open", "allow", ["lab.v1.PlainService/List"]) },
    { name: "a longer name", before: rule("open", "allow", ["lab.v1.PlainService/GetAll*"]) },
    { name: "some callers", before: rule("open", "allow", ["*"], ["admin"]) },
    { name: "another package", before: rule("open", "allow", ["lab.v2.*/*"]) },
  ])("nothing is said where the rule before it is for $name", ({ before }) => {
    createAuthzInterceptor({ rules: [before, freeze, rule("wide", "deny", ["*"])] });
    createAuthzInterceptor({ skipMethods: ["lab.v1.PlainService/List"], rules: [freeze] });
    expect(lines()).toEqual([]);
  });
});

describe("a rule that matches no method of its service is reported when the service is called first", () => {
  test.each([
    { pattern: "lab.v1.PlainService/Gett", says: "matches no method of lab.v1.PlainService" },
    { pattern: "lab.v1.PlainService/Delete*", says: "matches no method of lab.v1.PlainService" },
    { pattern: "lab.v1.PlianService/*", says: ": is lab.v1.PlainService meant?" },
    { pattern: "lab.v1.PlainService/Get", says: undefined },
    { pattern: "lab.v1.PlainService/G*", says: undefined },
    { pattern: "lab.v1.AccessService/*", says: undefined },
    { pattern: "lab.*/*", says: undefined },
    { pattern: "other.v1.UserService/*", says: undefined },
    { pattern: "*", says: undefined },
  ])("$pattern", async ({ pattern, says }) => {
    const rules = [rule("freeze", "deny", [pattern], ["editor"])];
    const { plain } = inProcess(createAuthzInterceptor({ rules, defaultPolicy: "allow" }));
    expect(lines()).toEqual([]);
    for (let i = 0; i < 3; i++) await outcome(plain.get({}, { headers: as("right") }));
    await outcome(plain.list({}, { headers: as("right") }));
    expect(lines()).toEqual(says === undefined ? [] : [expect.stringContaining(`freeze: "${pattern}"`)]);
    if (says !== undefined) expect(lines()[0]).toContain(says);
  });
});
