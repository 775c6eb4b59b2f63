import { isNameList } from "./name-list.js";

/** The roles that a role implies: `{ admin: ["editor"], editor: ["viewer"] }`. */
export type RoleHierarchy = { readonly [role: string]: readonly string[] };

/**
 * Works out a role hierarchy once, and returns what adds to the roles of a caller those they imply.
 *
 * @throws TypeError for a malformed hierarchy, and for a role that implies itself, be it through others.
 */
export function createRoleHierarchy(roles: RoleHierarchy): (held: Iterable<string>) => Set<string> {
  const implied = new Map(Object.entries(roles));
  const closures = new Map<string, Set<string>>();
  for (const [role, list] of implied) {
    if (!isNameList(list)) throw new TypeError(`roles.${role}: not a list of roles`);
    const closure = new Set([role]);
    // What is added on the way is visited as well.
    for (const name of closure) {
      for (const below of implied.get(name) ?? []) {
        if (below === role) throw new TypeError(`roles.${role}: ${name} implies it`);
        closure.add(below);
      }
    }
    closures.set(role, closure);
  }
  return (held) => new Set([...held].flatMap((role) => [...(closures.get(role) ?? [role])]));
}
