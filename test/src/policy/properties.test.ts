import { createClient, createRouterTransport } from "@connectrpc/connect";
import { type AuthzRule, authContextKey, createProtoAuthzInterceptor } from "@connectum/auth";
import { createRoleHierarchy, decide, type MethodPolicy, type RoleHierarchy } from "@connectum/auth/policy";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { outcome } from "../authorization/callers.js";
import { AccessServicePolicy } from "../gen/lab/v1/lab_auth.js";
import { AccessService } from "../gen/lab/v1/lab_pb.js";
import { samples } from "../support/samples.js";

interface Subject {
  readonly roles: readonly string[];
  readonly scopes: readonly string[];
}
type Requires = NonNullable<AuthzRule["requires"]>;

// Few names, so that they meet often; some that every object has.
const role = fc.constantFrom("a", "b", "c", "d", "constructor", "__proto__");
const scope = fc.constantFrom("x", "y", "z", "toString");
const subject: fc.Arbitrary<Subject> = fc.record({ roles: fc.uniqueArray(role), scopes: fc.uniqueArray(scope) });
const caller = fc.option(subject, { nil: undefined });
const row: fc.Arbitrary<MethodPolicy> = fc.oneof(
  fc.record({ access: fc.constantFrom("public" as const, "allow" as const, "deny" as const, "unspecified" as const) }),
  fc.record({
    access: fc.constantFrom("requires" as const, "internal" as const),
    roles: fc.uniqueArray(role, { maxLength: 3 }),
    scopes: fc.uniqueArray(scope, { maxLength: 2 }),
  }),
);
const rule: fc.Arbitrary<AuthzRule> = fc.record(
  {
    name: fc.constantFrom("r1", "r2", "r3"),
    effect: fc.constantFrom("allow" as const, "deny" as const),
    methods: fc.constantFrom(
      ["*"],
      ["lab.v1.*/*"],
      ["lab.v1.AccessService/R*"],
      ["lab.v1.AccessService/Role"],
      ["lab.v1.AccessService/Deny"],
    ),
    requires: fc.record({
      roles: fc.uniqueArray(role, { maxLength: 2 }),
      scopes: fc.uniqueArray(scope, { maxLength: 1 }),
    }),
  },
  { requiredKeys: ["name", "effect", "methods"] },
);
/** Roles imply roles that come later, so there are no circles. */
const hierarchy: fc.Arbitrary<RoleHierarchy> = fc.array(fc.tuple(role, role), { maxLength: 6 }).map((pairs) => {
  const order = ["a", "constructor", "b", "__proto__", "c", "d"];
  const below = new Map<string, string[]>();
  for (const [one, other] of pairs) {
    const [upper, lower] = [one, other].sort((l, r) => order.indexOf(l) - order.indexOf(r)) as [string, string];
    if (upper !== lower) below.set(upper, [...(below.get(upper) ?? []), lower]);
  }
  return Object.fromEntries(below);
});

// The specification, written as it reads in the design.
const holds = (who: Subject, roles: RoleHierarchy, wanted: string): boolean =>
  who.roles.includes(wanted) ||
  Object.entries(roles).some(([upper, lower]) => lower.includes(wanted) && holds(who, roles, upper));
const meets = (who: Subject, roles: RoleHierarchy, { roles: any = [], scopes: all = [] }: Requires): boolean =>
  (any.length === 0 || any.some((name) => holds(who, roles, name))) && all.every((name) => who.scopes.includes(name));
function specification(
  policy: MethodPolicy,
  who: Subject | undefined,
  rules: readonly AuthzRule[],
  roles: RoleHierarchy,
  otherwise: string,
) {
  if (policy.access === "public" || policy.access === "allow") return "ok";
  if (policy.access === "deny") return "PermissionDenied";
  if ("roles" in policy) {
    if (who === undefined) return "Unauthenticated";
    return policy.access === "requires" && meets(who, roles, policy) ? "ok" : "PermissionDenied"; // nobody here is internal
  }
  for (const { methods, requires, effect } of rules) {
    if (methods[0] === "lab.v1.AccessService/Deny") continue; // another method
    if (requires !== undefined && who === undefined) return "Unauthenticated";
    if (requires === undefined || (who && meets(who, roles, requires)))
      return effect === "allow" ? "ok" : "PermissionDenied";
  }
  return otherwise === "allow" ? "ok" : "PermissionDenied";
}

beforeAll(() => {
  vi.spyOn(console, "warn").mockImplementation(() => {});
});
afterAll(() => vi.restoreAllMocks());

/** What a call of Role is answered with, through the interceptor, by a context in the call's values. */
function callRole(
  policy: MethodPolicy,
  who: Subject | undefined,
  rules: readonly AuthzRule[],
  roles: RoleHierarchy,
  defaultPolicy: "allow" | "deny",
) {
  const table = { ...AccessServicePolicy, methods: { ...AccessServicePolicy.methods, Role: policy } };
  const router = {
    interceptors: [
      (next) => (req) => {
        if (who)
          req.contextValues.set(authContextKey, { subject: "s", permissions: [], claims: {}, type: "test", ...who });
        return next(req);
      },
      createProtoAuthzInterceptor({ policies: [table], rules, roles, defaultPolicy }),
    ],
  } satisfies NonNullable<Parameters<typeof createRouterTransport>[1]>["router"];
  const transport = createRouterTransport(({ rpc }) => rpc(AccessService.method.role, () => ({})), { router });
  return outcome(createClient(AccessService, transport).role({}));
}

test("the interceptor answers as the specification, over policies, rules, hierarchies and callers", async () => {
  const all = fc.tuple(
    row,
    caller,
    fc.array(rule, { maxLength: 4 }),
    hierarchy,
    fc.constantFrom("allow" as const, "deny" as const),
  );
  await fc.assert(
    fc.asyncProperty(all, async (input) => {
      expect(await callRole(...input)).toBe(specification(...input));
    }),
    { numRuns: samples(600, 1_500) },
  );
});

test("decide answers as the specification", () => {
  fc.assert(
    fc.property(row, caller, hierarchy, (policy, who, roles) => {
      const expand = createRoleHierarchy(roles);
      const { kind } = decide(policy, who && { ...who, roles: expand(who.roles) });
      const got = { allow: "ok", unauthenticated: "Unauthenticated", denied: "PermissionDenied" }[kind];
      expect(got).toBe(specification(policy, who, [], roles, "deny"));
    }),
    { numRuns: samples(10_000, 20_000) },
  );
});

test("another role or scope never turns what the table allows into a denial", () => {
  fc.assert(
    fc.property(row, subject, subject, hierarchy, fc.boolean(), (policy, who, more, roles, internal) => {
      const expand = createRoleHierarchy(roles);
      const decided = (...subjects: Subject[]) =>
        decide(policy, {
          roles: expand(subjects.flatMap(({ roles }) => roles)),
          scopes: subjects.flatMap(({ scopes }) => scopes),
          internal,
        }).kind;
      if (decided(who) === "allow") expect(decided(who, more)).toBe("allow");
      if (decided(who, more) !== "allow") expect(decided(who)).not.toBe("allow");
    }),
    { numRuns: samples(10_000, 20_000) },
  );
});

test("without one of the rules that deny, no call is denied that was not before", async () => {
  const input = fc.tuple(
    row,
    caller,
    fc.array(rule, { minLength: 1, maxLength: 4 }),
    hierarchy,
    fc.constantFrom("allow" as const, "deny" as const),
    fc.nat(),
  );
  let allowed = 0;
  await fc.assert(
    fc.asyncProperty(input, async ([policy, who, rules, roles, otherwise, pick]) => {
      const denying = rules.filter(({ effect }) => effect === "deny");
      fc.pre(denying.length > 0);
      const removed = denying[pick % denying.length];
      if ((await callRole(policy, who, rules, roles, otherwise)) !== "ok") return;
      allowed++;
      const fewer = rules.filter((candidate) => candidate !== removed);
      expect(await callRole(policy, who, fewer, roles, otherwise)).toBe("ok");
    }),
    { numRuns: samples(250, 500) },
  );
  expect(allowed).toBeGreaterThan(50);
});
