import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Access, isWithin } from "../../../plugin/dist/review/compare-access.js";
import { samples } from "../support/samples.js";

function subsets<T>([first, ...rest]: readonly T[]): T[][] {
  if (first === undefined) return [[]];
  return subsets(rest).flatMap((subset) => [subset, [first, ...subset]]);
}

const roles = ["a", "b"];
const scopes = ["s", "t"];
const permissions = ["p", "q", "r"];
const conditions = ["c1", "c2"];
const resources = [undefined, "x", "y"];
/** The ways, the ages and the kinds of credentials. The last of each satisfies no rule that asks. */
const ways = ["phr", "pwd", undefined];
const ages = [50, 150, undefined];
const kindsOfCredential = ["jwt", "session", undefined];

interface Caller {
  readonly kind: "anonymous" | "user" | "internal";
  readonly roles: readonly string[];
  readonly scopes: readonly string[];
  /** By resource. */
  readonly permissions: ReadonlyMap<string | undefined, readonly string[]>;
  /** The conditions that are true for the caller and the request. */
  readonly conditions: readonly string[];
  readonly acr?: string | undefined;
  readonly age?: number | undefined;
  readonly credential?: string | undefined;
}

/** Every caller of a small universe. Permissions on the second resource are few: three kinds of places are many. */
const callers: readonly Caller[] = [
  { kind: "anonymous", roles: [], scopes: [], permissions: new Map(), conditions: [] },
  ...(["user", "internal"] as const).flatMap((kind) =>
    subsets(roles).flatMap((heldRoles) =>
      subsets(scopes).flatMap((heldScopes) =>
        subsets(conditions).flatMap((truths) =>
          subsets(permissions).flatMap((held) =>
            resources.map((resource): Caller => {
              const places = new Map([[resource, held]]);
              return { kind, roles: heldRoles, scopes: heldScopes, permissions: places, conditions: truths };
            }),
          ),
        ),
      ),
    ),
  ),
];

/** Every caller, authenticated in every way. Lazily: there are very many. */
function* authenticated(access: Access, other: Access): Generator<Caller> {
  const asks = [access, other].some(
    ({ acr, maxAgeSeconds, credentials }) => acr.length + credentials.length > 0 || maxAgeSeconds !== undefined,
  );
  for (const caller of callers) {
    if (!asks || caller.kind === "anonymous") yield caller;
    else
      for (const acr of ways)
        for (const age of ages) for (const credential of kindsOfCredential) yield { ...caller, acr, age, credential };
  }
}

/** The definition of access, written down from the documentation. */
function admits(access: Access, caller: Caller): boolean {
  const has = (list: readonly string[], name: string) => list.includes(name);
  if (access.access === "public") return true;
  if (access.access === "deny" || caller.kind === "anonymous") return false;
  if ((access.access === "internal") !== (caller.kind === "internal")) return false;
  if (!access.conditions.every((condition) => has(caller.conditions, condition))) return false;
  if (access.credentials.length > 0 && !has(access.credentials, caller.credential ?? "")) return false;
  if (access.access === "allow") return true;
  if (access.acr.length > 0 && !has(access.acr, caller.acr ?? "")) return false;
  if (access.maxAgeSeconds !== undefined && !((caller.age ?? Number.NaN) <= access.maxAgeSeconds)) return false;
  const held = caller.permissions.get(access.resource) ?? [];
  return (
    (access.roles.length === 0 || access.roles.some((role) => has(caller.roles, role))) &&
    access.scopes.every((scope) => has(caller.scopes, scope)) &&
    access.permissions.every((permission) => has(held, permission)) &&
    (access.anyPermissions.length === 0 || access.anyPermissions.some((permission) => has(held, permission)))
  );
}

/** The brute force takes 27 times as long for a rule that asks how a caller authenticated. */
function rarely<T>(arbitrary: fc.Arbitrary<T>, otherwise: T): fc.Arbitrary<T> {
  return fc.oneof({ weight: 9, arbitrary: fc.constant(otherwise) }, { weight: 1, arbitrary });
}

const subset = (items: readonly string[]) => fc.subarray([...items]);
const access: fc.Arbitrary<Access> = fc
  .record({
    access: fc.constantFrom("public", "internal", "requires", "allow", "deny" as const),
    roles: subset(roles),
    scopes: subset(scopes),
    permissions: subset(permissions),
    anyPermissions: subset(permissions),
    acr: rarely(subset(["phr", "pwd"]), []),
    maxAgeSeconds: rarely(fc.constantFrom<number | undefined>(100, 200), undefined),
    credentials: rarely(subset(["jwt", "session"]), []),
    conditions: subset(conditions),
    resource: fc.constantFrom(...resources),
  })
  .map((one) => {
    const hasRequirements = one.access === "requires" || one.access === "internal";
    const none = { roles: [], scopes: [], permissions: [], anyPermissions: [], acr: [], maxAgeSeconds: undefined };
    const isOpen = one.access === "public" || one.access === "deny";
    const unbound = { conditions: [], resource: undefined, credentials: [] };
    return { ...one, ...(hasRequirements ? {} : none), ...(isOpen && unbound) };
  });

function firstOf<T>(items: Iterable<T>, test: (item: T) => boolean): T | undefined {
  for (const item of items) if (test(item)) return item;
  return undefined;
}

describe("access widens exactly if some caller gains it", () => {
  test("by brute force over a universe of callers", () => {
    let within = 0;
    fc.assert(
      fc.property(access, access, (inner, outer) => {
        const gains = firstOf(authenticated(inner, outer), (caller) => admits(inner, caller) && !admits(outer, caller));
        if (gains === undefined) within++;
        expect({ isWithin: isWithin(inner, outer), gains }).toEqual({ isWithin: gains === undefined, gains });
      }),
      { numRuns: samples(1_000, 20_000) },
    );
    expect(within).toBeGreaterThan(100);
  });

  test("what the server's code decides may be anything", () => {
    const lists = { roles: [], scopes: [], permissions: [], anyPermissions: [], acr: [], credentials: [] };
    const rest = { ...lists, maxAgeSeconds: undefined, conditions: [], resource: undefined };
    const of = (access: Access["access"]): Access => ({ access, ...rest });
    expect(isWithin(of("unspecified"), of("allow"))).toBe(false);
    expect(isWithin(of("allow"), of("unspecified"))).toBe(false);
    expect(isWithin(of("unspecified"), of("unspecified"))).toBe(true);
    expect(isWithin(of("unspecified"), of("public"))).toBe(true);
    expect(isWithin(of("deny"), of("unspecified"))).toBe(true);
  });
});
