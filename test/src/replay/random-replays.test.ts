import { createRouterTransport } from "@connectrpc/connect";
import {
  type AuthContextInit,
  type AuthScheme,
  authorizeMethods,
  type CreateAuthOptions,
  createAuth,
  createTrial,
  credentials,
  type DecisionEvent,
  type ServicePolicy,
  type TrialDifference,
} from "@connectum/auth";
import type { MethodPolicy, PolicyCondition } from "@connectum/auth/policy";
import { replay } from "@connectum/auth/testing";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { outcome, streamOf } from "../authorization/callers.js";
import { AccountService } from "../gen/tenancy/v1/tenancy_pb.js";
import { samples } from "../support/samples.js";
import { asCaller, tenancyClients, tenancyRoutes } from "../support/tenancy.js";

const methods = ["Read", "Write", "Watch", "Upload"] as const;

// Few names, so that they meet often.
const roles = fc.subarray(["a", "b"]);
const scopes = fc.subarray(["x", "y"]);
const permissions = fc.subarray(["p", "q"]);

/** Conditions as the generator compiles them: a text, and functions of the caller and of the request. */
const conditions: readonly PolicyCondition[] = [
  { cel: "request.account_id == '1'", holds: (_, { accountId }: { accountId: string }) => accountId === "1" },
  {
    cel: "caller.claims.t == request.account_id",
    admits: (caller) => typeof caller.claims["t"] === "string",
    holds: (caller, { accountId }: { accountId: string }) => caller.claims["t"] === accountId,
  },
  {
    cel: "'p' in caller.permissions || request.account_id == '2'",
    readsPermissions: true,
    holds: (caller, { accountId }: { accountId: string }) => caller.permissions.has("p") || accountId === "2",
  },
];
const kinds = (...names: string[]) => fc.subarray(names, { minLength: 1 });
/** Seldom: callers without credential cannot be decided again when the kinds change. */
const userKinds = fc.oneof(
  { weight: 12, arbitrary: fc.constant<{ credentials?: string[] }>({}) },
  { weight: 1, arbitrary: fc.record({ credentials: kinds("json", "key") }) },
);
const rarely = { requiredKeys: [] };
const bindings = fc.record(
  {
    condition: fc.constantFrom(...conditions),
    resource: fc.constant({ path: "account_id", of: ({ accountId }: { accountId: string }) => accountId }),
  },
  rarely,
);
/** In half of the rows: a condition that has changed cannot be decided again. */
const bound = fc.oneof(fc.constant<{ condition?: PolicyCondition }>({}), bindings);
const row: fc.Arbitrary<MethodPolicy> = fc.oneof(
  { weight: 1, arbitrary: fc.record({ access: fc.constantFrom("public" as const, "deny" as const) }) },
  {
    weight: 2,
    arbitrary: fc
      .tuple(fc.constantFrom("allow" as const, "unspecified" as const), bound, userKinds)
      .map(([access, parts, kinds]) => ({ access, ...parts, ...kinds })),
  },
  {
    weight: 5,
    arbitrary: fc
      .tuple(
        fc.constantFrom("requires" as const, "requires" as const, "internal" as const),
        ...[roles, scopes],
        fc.record({ permissions, anyPermissions: permissions }, { requiredKeys: [] }),
        bound,
        fc.record({ acr: kinds("1", "2"), maxAgeSeconds: fc.constantFrom(100, 200) }, rarely),
        userKinds,
      )
      .map(
        ([access, roles, scopes, more, parts, stepUp, kinds]) =>
          ({
            ...{ access, roles, scopes, ...more, ...parts, ...stepUp },
            ...(access === "internal" ? kinds.credentials && { credentials: ["service"] } : kinds),
          }) as MethodPolicy,
      ),
  },
);
const table: fc.Arbitrary<ServicePolicy> = fc.tuple(row, row, row, row).map((rows) => ({
  typeName: "tenancy.v1.AccountService",
  methods: Object.fromEntries(methods.map((name, i) => [name, rows[i] as MethodPolicy])),
}));

/** Another table, or one with another row. */
const change: fc.Arbitrary<readonly [old: ServicePolicy, next: ServicePolicy]> = fc.oneof(
  fc.tuple(table, table),
  fc.tuple(table, fc.constantFrom(...methods), row).map(([old, method, other]) => {
    return [old, { ...old, methods: { ...old.methods, [method]: other } }] as const;
  }),
);

type Code = Pick<CreateAuthOptions, "rules" | "defaultPolicy" | "authorize" | "grants" | "checks" | "optionalMethods">;

const code: fc.Arbitrary<Code> = fc.record(
  {
    rules: fc.array(
      fc.record(
        {
          name: fc.constant("r"),
          effect: fc.constantFrom("allow" as const, "deny" as const),
          methods: fc.constantFrom(["*"], ["tenancy.v1.AccountService/Read"], ["tenancy.v1.AccountService/W*"]),
          requires: fc.record({ roles }),
        },
        { requiredKeys: ["name", "effect", "methods"] },
      ),
      { maxLength: 2 },
    ),
    defaultPolicy: fc.constantFrom("allow" as const, "deny" as const),
    authorize: fc.constant((caller: { roles: readonly string[] }) => caller.roles.includes("a")),
    grants: fc.constantFrom<NonNullable<Code["grants"]>>(
      { a: ["p"] },
      { a: ["p", "q"] },
      ({ subject }, { resource }) => (subject === "ann" ? ["p", "q"] : resource === "1" ? ["p"] : []),
    ),
    checks: fc.constant([authorizeMethods(AccountService, { read: (_, { accountId }) => accountId !== "2" })]),
    optionalMethods: fc.constantFrom(["*"], ["tenancy.v1.AccountService/Read"]),
  },
  { requiredKeys: [] },
);

const user: fc.Arbitrary<AuthContextInit> = fc.record({
  subject: fc.constantFrom("ann", "bob"),
  roles,
  scopes,
  permissions,
  claims: fc.constantFrom({}, { t: "1" }, { t: "2" }, { t: 1 }),
  acr: fc.constantFrom("1", "2", "2", undefined),
  // Far from the limits: the calls before and after the change are not at the same time.
  authTime: fc.constantFrom(50, 50, 150, 250, undefined).map((age) => age && Date.now() - age * 1_000),
}) as fc.Arbitrary<object> as fc.Arbitrary<AuthContextInit>;
/** Mostly users: whoever has no credential cannot be decided again when another scheme may find one. */
const headers = fc.oneof(
  fc.constant({}),
  fc.constant({ authorization: "Bearer broken" }),
  { weight: 10, arbitrary: user.map((one) => asCaller(one)) },
  { weight: 2, arbitrary: user.map((one) => ({ "x-key": JSON.stringify(one) })) },
  fc.constant({ "x-service": "billing" }),
);
const call = fc.record({ method: fc.constantFrom(...methods), headers, accountId: fc.constantFrom("", "1", "2") });

const verifyCredentials = (json: string): AuthContextInit => {
  const { authTime, ...init } = JSON.parse(json);
  return authTime === undefined ? init : { ...init, authTime: new Date(authTime) };
};
const userSchemes: readonly AuthScheme[] = [
  credentials({ name: "json", verifyCredentials: (token) => verifyCredentials(atob(token)) }),
  credentials({ name: "key", extractCredentials: (header) => header.get("x-key"), verifyCredentials }),
];
const serviceScheme: AuthScheme = credentials({
  name: "service",
  extractCredentials: (header) => header.get("x-service"),
  verifyCredentials: (name) => ({ subject: name, roles: ["a"], scopes: ["x"] }),
});

interface Decided {
  /** The first event of each call: a stream may be refused later. */
  readonly events: readonly DecisionEvent[];
  readonly differences: readonly (TrialDifference | undefined)[];
}

/** Runs the calls at a real router. Undefined if the server refuses the configuration. */
async function decide(
  policy: ServicePolicy,
  code: Code,
  calls: readonly { method: (typeof methods)[number]; headers: object; accountId: string }[],
  next?: ServicePolicy,
): Promise<Decided | undefined> {
  let events: DecisionEvent[] = [];
  let differences: TrialDifference[] = [];
  const found: { events: DecisionEvent[]; differences: (TrialDifference | undefined)[] } = {
    events: [],
    differences: [],
  };
  let auth: ReturnType<typeof createAuth>;
  try {
    auth = createAuth({
      policies: [policy],
      authenticate: userSchemes,
      internal: serviceScheme,
      onDecision: (event) => void events.push(event),
      decisionRecords: true,
      ...code,
      ...(next && {
        trial: createTrial({ policies: [next], onDifference: (one) => void differences.push(one) }),
      }),
    });
  } catch (error) {
    expect(error).toBeInstanceOf(TypeError);
    return undefined;
  }
  const transport = createRouterTransport(tenancyRoutes({ texts: [] }), { router: auth });
  const { accounts } = tenancyClients(transport);
  for (const { method, headers, accountId } of calls) {
    [events, differences] = [[], []];
    const options = { headers: headers as Record<string, string> };
    if (method === "Read") await outcome(accounts.read({ accountId }, options));
    if (method === "Write") await outcome(accounts.write({ accountId }, options));
    if (method === "Watch") await outcome(accounts.watch({ accountId }, options));
    if (method === "Upload") await outcome(accounts.upload(streamOf({ accountId }), options));
    await new Promise(setImmediate);
    const [event] = events;
    if (event === undefined) throw new Error(`no event about ${method}`);
    found.events.push(event);
    found.differences.push(differences.find(({ effect }) => effect === event.effect));
  }
  return found;
}

let warn: ReturnType<typeof vi.spyOn>;
beforeAll(() => {
  warn = vi.spyOn(console, "warn").mockImplementation(() => {});
});
afterAll(() => warn.mockRestore());

const counts = { calls: 0, differences: 0, undecided: 0, trials: 0, trialUndecided: 0 };

test("replay and a trial decide as the changed server does, or say that they cannot", {
  timeout: 300_000,
}, async () => {
  await fc.assert(
    fc.asyncProperty(change, code, fc.array(call, { minLength: 8, maxLength: 16 }), async ([old, next], own, calls) => {
      const before = await decide(old, own, calls, next);
      const after = await decide(next, own, calls);
      fc.pre(before !== undefined && after !== undefined);
      const lines = before.events.map((event) => JSON.stringify(event));
      const options = { rules: [], ...own };
      const same = await replay([old], lines, options);
      expect([same.differences, same.undecided]).toEqual([[], []]);
      const without = await replay([old], lines);
      expect([without.differences, without.undecided]).toEqual([[], []]);

      const result = await replay([next], lines, options);
      expect(result.calls).toBe(calls.length);
      const undecided = new Set(result.undecided.flatMap(({ calls }) => calls));
      const named = new Set(result.differences.flatMap(({ calls }) => calls));
      for (const [i, event] of after.events.entries()) {
        counts.calls++;
        const isOther = event.effect !== before.events[i]?.effect;
        if (undecided.has(i + 1)) counts.undecided++;
        else expect({ i, event, before: before.events[i], named: named.has(i + 1) }).toMatchObject({ named: isOther });
        if (isOther) counts.differences++;

        const trial = before.differences[i];
        if (trial?.trial === "undecided") counts.trialUndecided++;
        else
          expect({ i, event, before: before.events[i], trial: trial?.trial }).toMatchObject({
            trial: isOther ? event.effect : undefined,
          });
        if (trial !== undefined) counts.trials++;
      }
    }),
    { numRuns: samples(100, 500) },
  );
  // A test that leaves most calls open, or never meets a difference, would prove nothing.
  expect(counts.differences).toBeGreaterThan(counts.calls / 10);
  expect(counts.undecided).toBeLessThan(counts.calls / 3);
  expect(counts.trialUndecided).toBeLessThan(counts.undecided);
});
