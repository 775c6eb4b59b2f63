import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Access, isWithin } from "../../../plugin/dist/review/compare-access.js";
import { samples } from "../support/samples.js";

const roles = ["a", "b"];
const scopes = ["s", "t"];
const permissions = ["p", "q", "r"];
const conditions = ["c1", "c2"];
const resources = [undefined, "x", "y"];
/** The ways, the ages and the kinds of credentials. The last of each satisfies no rule that asks. */
const ways = ["phr", "pwd", undefined];
const ages = [50, 150, undefined];
const kindsOfCredential = ["jwt", "session", undefined];

/** Lists are sets of bits: the universe is large. */
interface Caller {
  readonly kind: "anonymous" | "user" | "internal";
  readonly roles: number;
  readonly scopes: number;
  /** Those on the one resource on which the caller has any. */
  readonly permissions: number;
  readonly resource: string | undefined;
  /** The conditions that are true for the caller and the request. */
  readonly conditions: number;
  readonly acr: string | undefined;
  readonly age: number | undefined;
  readonly credential: string | undefined;
}

const subsetsOf = (names: readonly string[]) => Array.from({ length: 1 << names.length }, (_, bits) => bits);
const bitsOf = (names: readonly string[], among: readonly string[]) =>
  names.reduce((bits, name) => bits | (1 << among.indexOf(name)), 0);

/** Every caller of a small universe: first all with an authentication that satisfies no rule, then all others. */
const callers: readonly Caller[] = ways
  .flatMap((acr) => ages.flatMap((age) => kindsOfCredential.map((credential) => ({ acr, age, credential }))))
  .reverse()
  .flatMap((authentication): Caller[] => [
    { kind: "anonymous", roles: 0, scopes: 0, permissions: 0, resource: undefined, conditions: 0, ...authentication },
    ...(["user", "internal"] as const).flatMap((kind) =>
      subsetsOf(roles).flatMap((held) =>
        subsetsOf(scopes).flatMap((granted) =>
          subsetsOf(conditions).flatMap((truths) =>
            subsetsOf(permissions).flatMap((may) =>
              resources.map((resource) => ({
                ...{ kind, roles: held, scopes: granted, permissions: may, resource, conditions: truths },
                ...authentication,
              })),
            ),
          ),
        ),
      ),
    ),
  ]);

/** The callers who can make a difference: how they authenticated counts only for a rule that asks. */
function callersFor(...rules: readonly Access[]): readonly Caller[] {
  const asks = rules.some(
    ({ acr, maxAgeSeconds, credentials }) => acr.length + credentials.length > 0 || maxAgeSeconds !== undefined,
  );
  const unasked = callers.length / (ways.length * ages.length * kindsOfCredential.length);
  return asks ? callers : callers.slice(0, unasked);
}

/** The definition of access, written down from the documentation. */
function admission(access: Access): (caller: Caller) => boolean {
  if (access.access === "public") return () => true;
  const need = {
    roles: bitsOf(access.roles, roles),
    scopes: bitsOf(access.scopes, scopes),
    permissions: bitsOf(access.permissions, permissions),
    anyPermissions: bitsOf(access.anyPermissions, permissions),
    conditions: bitsOf(access.conditions, conditions),
  };
  const all = (held: number, needed: number) => (held & needed) === needed;
  const any = (held: number, needed: number) => needed === 0 || (held & needed) !== 0;
  const isOne = (name: string | undefined, names: readonly string[]) =>
    names.length === 0 || names.includes(name ?? "");
  return (caller) => {
    if (access.access === "deny" || caller.kind === "anonymous") return false;
    if ((access.access === "internal") !== (caller.kind === "internal")) return false;
    if (!all(caller.conditions, need.conditions)) return false;
    if (!isOne(caller.credential, access.credentials)) return false;
    if (access.access === "allow") return true;
    if (!isOne(caller.acr, access.acr)) return false;
    if (access.maxAgeSeconds !== undefined && !((caller.age ?? Number.NaN) <= access.maxAgeSeconds)) return false;
    const held = caller.resource === access.resource ? caller.permissions : 0;
    return (
      any(caller.roles, need.roles) &&
      all(caller.scopes, need.scopes) &&
      all(held, need.permissions) &&
      any(held, need.anyPermissions)
    );
  };
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

describe("access widens exactly if some caller gains it", () => {
  test("by brute force over a universe of callers", () => {
    let within = 0;
    fc.assert(
      fc.property(access, access, (inner, outer) => {
        const [admitsInner, admitsOuter] = [admission(inner), admission(outer)];
        const gains = callersFor(inner, outer).find((caller) => admitsInner(caller) && !admitsOuter(caller));
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
