import { isNameList } from "./name-list.js";

/** The roles that a role implies: `{ admin: ["editor"], editor: ["viewer"] }`. */
export type RoleHierarchy = { readonly [role: string]: readonly string[] };

/**
 * Works out a role hierarchy once, and returns what adds to the roles of a caller those they imply.
 *
 * @throws TypeError for a malformed hierarchy, and for a role that implies itself, be it through others.
 */
export function createRoleHierarchy(roles: RoleHierarchy): (held: Iterable<string>) => Set<string> {
  const implied = new Map<string, readonly string[]>();
  for (const [role, list] of Object.entries(roles)) {
    if (!isNameList(list)) throw new TypeError(`roles.${role}: not a list`);
    implied.set(role, [...list]);
  }

  function expand(held: Iterable<string>): Set<string> {
    const all = new Set(held);
    // What is added on the way is visited as well.
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
