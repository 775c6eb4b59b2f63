import { isNameList } from "./name-list.js";

/** The roles that a role implies: `{ admin: ["editor"], editor: ["viewer"] }`. */
export type RoleHierarchy = { readonly [role: string]: readonly string[] };

/**
 * Works out a role hierarchy once, and returns what adds to the roles of a caller those they imply.
 *
 * @throws TypeError for a malformed hierarchy, and for a role that implies itself, be it through others.
 */
export function createRoleHierarchy(roles: RoleHierarchy): (held: Iterable<string>) => Set<string> {
  if (typeof roles !== "object" || Array.isArray(roles)) throw new TypeError('roles: expected { admin: ["editor"] }');
  const implied = new Map(Object.entries(roles));
  const closures = new Map<string, Set<string>>();

  function closureOf(role: string, above: readonly string[]): Set<string> {
    const path = [...above, role];
    if (above.includes(role)) throw new TypeError(`roles: ${path.join(" > ")}: a role cannot imply itself`);
    let closure = closures.get(role);
    if (closure === undefined) {
      const below = implied.has(role) ? implied.get(role) : [];
      if (!isNameList(below)) throw new TypeError(`roles.${role}: expected a list of non-empty strings`);
      closure = new Set([role, ...below.flatMap((name) => [...closureOf(name, path)])]);
      closures.set(role, closure);
    }
    return closure;
  }

  for (const role of implied.keys()) closureOf(role, []);
  return (held) => new Set([...held].flatMap((role) => [...(closures.get(role) ?? [role])]));
}
