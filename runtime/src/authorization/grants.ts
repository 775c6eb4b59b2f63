import type { AuthContext } from "../context/auth-context.js";
import { count, milliseconds, type OptionCheck, withDefault } from "../options/check.js";
import { nearest } from "../options/nearest.js";
import { checkObject, checkOption, type OptionTable, readOptions } from "../options/read-options.js";
import { isNameList } from "../policy/name-list.js";
import type { ServicePolicy } from "../policy/service-policy.js";

/** The question about a caller's permissions. */
export interface GrantQuestion {
  /** The resource on which the permissions must be held. Undefined for permissions that do not depend on one. */
  readonly resource: string | undefined;
  /** Aborts when the answer would be too late. */
  readonly signal: AbortSignal;
}

/** Returns the permissions of a caller. */
export type FindGrants = (
  caller: AuthContext,
  question: GrantQuestion,
) => Iterable<string> | PromiseLike<Iterable<string>>;

/**
 * The permissions of callers, besides those in their credentials: by role, or from a function.
 *
 * @typeParam Permission - `PermissionOf<typeof OrderServicePolicy>` makes a misspelled permission a type error.
 *
 * @example
 * const grants = { editor: ["orders.read", "orders.write"], viewer: ["orders.read"] };
 * const auth = createAuth({ policies, authenticate, grants });
 * @example
 * const grants = async (caller, { resource, signal }) => directory.permissions(caller.subject, resource, { signal });
 */
export type Grants<Permission extends string = string> =
  | { readonly [role: string]: readonly Permission[] }
  | FindGrants;

/** How long the answers of a function in `grants` are kept. */
export interface GrantsCacheOptions {
  /** Age in milliseconds after which the function is called again. By default, 30000. */
  readonly ttl?: number;
  /** Milliseconds after `ttl` for which the last answer counts while the function fails. By default, 0. */
  readonly staleTtl?: number;
  /** Longest wait for an answer in milliseconds. By default, 5000. */
  readonly timeout?: number;
  /** Most answers that are kept: one for each caller and resource. By default, 20000. */
  readonly maxSize?: number;
}

const cacheOptions = (): OptionTable<GrantsCacheOptions, keyof GrantsCacheOptions> => ({
  ttl: withDefault(milliseconds, 30_000),
  staleTtl: withDefault(
    {
      accepts: (value) => Number.isFinite(value) && (value as number) >= 0,
      expected: "milliseconds, or 0",
      shown: true,
    },
    0,
  ),
  timeout: withDefault(milliseconds, 5_000),
  maxSize: withDefault(count, 20_000),
});

/** @throws TypeError for a malformed option. */
export function readGrantsCache(options: GrantsCacheOptions = {}): Required<GrantsCacheOptions> {
  return readOptions("grantsCache", options, cacheOptions, "grantsCache.");
}

export const grantsCheck: OptionCheck = {
  accepts: (value) => typeof value === "function" || Object(value) === value,
  expected: "an object of roles, or a function",
};

/**
 * Compiles grants by role to a function of a caller's roles.
 *
 * @throws TypeError for a malformed list, and for a permission that no table has.
 */
export function compileRoleGrants(
  grants: { readonly [role: string]: readonly string[] },
  policies: ReadonlyMap<string, ServicePolicy["methods"]>,
): (roles: Iterable<string>) => Iterable<string> {
  checkObject("grants", grants);
  const known = new Set(
    [...policies.values()].flatMap((methods) => Object.values(methods)).flatMap((row) => permissionsOf(row)),
  );
  const byRole = new Map<string, readonly string[]>();
  for (const [role, names] of Object.entries(grants)) {
    checkOption(isNameList(names), `grants.${role}`, "a list of permissions");
    const unknown = names.find((name) => !known.has(name));
    if (unknown !== undefined) {
      const meant = nearest(unknown, [...known]);
      const hint = meant === undefined ? "" : `. Did you mean ${JSON.stringify(meant)}?`;
      throw new TypeError(`grants.${role}: no table has the permission ${JSON.stringify(unknown)}${hint}`);
    }
    byRole.set(role, [...names]);
  }
  return (roles) => [...roles].flatMap((role) => byRole.get(role) ?? []);
}

/** Returns the permissions that a row mentions. */
function permissionsOf(row: ServicePolicy["methods"][string]): readonly string[] {
  return "roles" in row ? [...(row.permissions ?? []), ...(row.anyPermissions ?? [])] : [];
}
