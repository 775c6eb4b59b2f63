import { isNameList } from "./name-list.js";

/** The roles that a role implies: `{ admin: ["editor"], editor: ["viewer"] }`. */
export type RoleHierarchy = { readonly [role: string]: readonly string[] };

/**
 * Compiles a role hierarchy. Returns a function that adds implied roles to a caller's roles.
 *
 * @throws TypeError for a malformed hierarchy, and for a role that implies itself, directly or not.
 *
 * @example
 * const expand = createRoleHierarchy({ admin: ["editor"], editor: ["viewer"] });
 * expand(["admin"]); // Set { "admin", "editor", "viewer" }
 */
export function createRoleHierarchy(roles: RoleHierarchy): (held: Iterable<string>) => Set<string> {
  const implied = new Map<string, readonly string[]>();
  for (const [role, list] of Object.entries(roles)) {
    if (!isNameList(list)) throw new TypeError(`roles.${role}: not a list`);
    implied.set(role, [...list]);
  }

  function expand(held: Iterable<string>): Set<string> {
    const all = new Set(held);
    // The loop visits added roles too.
    for (const role of all) for (const below of implied.get(role) ?? []) all.add(below);
    return all;
  }

  for (const role of implied.keys()) {
    for (const name of expand([role])) {
      if (implied.get(name)?.includes(role)) throw new TypeError(`roles.${role}: ${name} implies it`);
    }
  }
  return expand;
}
