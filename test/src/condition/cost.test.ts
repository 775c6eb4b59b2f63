import { describe, expect, test } from "vitest";
import { Proto3ServicePolicy } from "../gen/shapes/v1/proto3_auth.js";
import { runPlugin } from "../generator/run-plugin.js";
import { compile, requestFor } from "../generator/schema.js";

/** Counts the reads of a request: a measure of work that does not depend on the machine. */
function counted<T extends object>(value: T, count: { reads: number }): T {
  return new Proxy(value, {
    get(target, name, receiver) {
      count.reads++;
      const member: unknown = Reflect.get(target, name, receiver);
      return typeof member === "object" && member !== null ? counted(member, count) : member;
    },
  });
}

const caller = {
  subject: "ada",
  name: "Ada",
  roles: new Set(["admin"]),
  scopes: new Set<string>(),
  permissions: new Set<string>(),
  type: "jwt",
  internal: false,
  claims: {},
};

describe("the time of a condition is linear in the request", () => {
  const { holds } = Proto3ServicePolicy.methods.Containers.condition;

  /** The reads of a request with `n` items, of which the last one fails. */
  function readsFor(n: number): number {
    const count = { reads: 0 };
    const leaves = Array.from({ length: n }, (_, i) => ({ id: i < n - 1 ? "a" : "b", tags: ["x", "z"] }));
    const request = { leaves, names: [], numbers: [], byName: {}, byNumber: {} };
    expect(holds(caller, counted(request, count) as never)).toBe(false);
    return count.reads;
  }

  test("all() and exists() in each other, over 100,000 items", () => {
    const [small, large] = [readsFor(1_000), readsFor(100_000)];
    expect(large / small).toBeGreaterThan(90);
    expect(large / small).toBeLessThan(110);
  });
});

describe("a condition whose time would grow faster is refused", () => {
  const text = (condition: string) => `syntax = "proto3";
package p;
import "connectum/auth/v1/options.proto";
message Item { string id = 1; repeated string tags = 2; map<string, string> labels = 3; }
message R { string name = 1; string part = 2; repeated Item items = 3; repeated string names = 4; map<string, string> labels = 5; }
service S { rpc M(R) returns (R) {
  option (connectum.auth.v1.method_auth) = {
    requires: {}
    condition: "${condition.replace(/"/g, '\\"')}"
  };
} }`;
  const errorOf = (condition: string) =>
    runPlugin(requestFor(compile({ "p.proto": text(condition) }), ["p.proto"], "target=ts")).error;

  test.each([
    { name: "a list searched for every item", condition: "request.items.all(i, i.id in request.names)" },
    { name: "a loop over another list", condition: "request.items.all(i, request.names.exists(n, n == i.id))" },
    { name: "a loop over the same list", condition: "request.items.all(i, request.items.exists(j, j.id == i.id))" },
    { name: "a list of an outer item", condition: "request.items.all(i, i.tags.all(t, 'x' in i.tags))" },
    {
      name: "an outer item in a loop of the caller",
      condition: "request.items.all(i, i.tags.all(t, caller.roles.all(r, r in i.tags)))",
    },
    { name: "two texts compared for every item", condition: "request.items.all(i, request.name == request.part)" },
    { name: "a text measured for every item", condition: "request.items.all(i, size(request.name) < 5)" },
    { name: "a map measured for every item", condition: "request.items.all(i, has(request.labels))" },
    { name: "a text as the key for every item", condition: "request.items.all(i, request.name in i.labels)" },
    {
      name: "a prefix compared for every item",
      condition: "request.items.all(i, request.name.startsWith(request.part))",
    },
    { name: "a text searched for a text", condition: "request.name.contains(request.part)" },
    { name: "a text searched for an item", condition: "request.names.all(n, request.name.contains(n))" },
    { name: "an order of texts for every item", condition: "request.items.all(i, request.name < request.part)" },
    {
      name: "four loops",
      condition: "request.items.all(i, i.tags.all(t, caller.roles.all(a, caller.scopes.all(b, a == b))))",
    },
  ])("$name", ({ condition }) => {
    expect(errorOf(condition)).toMatch(/square of the request|take very long|more than 3 loops/);
  });

  test.each([
    { name: "a part of the item", condition: "request.items.all(i, i.tags.all(t, t.startsWith('x')))" },
    { name: "an item and a text of the request", condition: "request.items.all(i, i.id == request.name)" },
    { name: "a list of the item", condition: "request.items.all(i, 'x' in i.tags)" },
    { name: "the caller's names", condition: "request.items.all(i, i.id in caller.roles)" },
    { name: "a claim", condition: "request.items.all(i, i.id in caller.claims.ids)" },
    {
      name: "a list of the request for each of the caller's names",
      condition: "caller.roles.all(r, r in request.names)",
    },
    { name: "a text searched for a literal", condition: "request.name.contains('x')" },
  ])("$name is accepted", ({ condition }) => {
    expect(errorOf(condition)).toBe("");
  });
});
