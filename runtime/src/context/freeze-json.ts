/** A JSON value that cannot be changed. */
export type FrozenJson =
  | string
  | number
  | boolean
  | null
  | readonly FrozenJson[]
  | { readonly [name: string]: FrozenJson };

const maxDepth = 64;

/**
 * A frozen copy of a JSON value. Members that are undefined are left out, and a
 * `Date` becomes its ISO 8601 string, as JSON has it.
 *
 * @throws TypeError naming the place of a value that JSON cannot express, or that nests too deeply.
 */
export function freezeJson(value: unknown, path: string, depth = 0): FrozenJson {
  if (depth > maxDepth) throw new TypeError(`${path}: nested more than ${maxDepth} levels deep`);
  if (typeof value === "string" || typeof value === "boolean" || value === null) return value;
  // JSON has no negative zero.
  if (typeof value === "number" && Number.isFinite(value)) return value === 0 ? 0 : value;
  if (Array.isArray(value)) {
    return Object.freeze(value.map((item, i) => freezeJson(item, `${path}[${i}]`, depth + 1)));
  }
  if (value instanceof Date && !Number.isNaN(value.getTime())) return value.toISOString();
  if (isPlainObject(value)) {
    const copy: { [name: string]: FrozenJson } = {};
    for (const [name, member] of Object.entries(value)) {
      if (member === undefined) continue;
      const frozen = freezeJson(member, `${path}.${name}`, depth + 1);
      // A claim of this name stays a claim.
      if (name === "__proto__") Object.defineProperty(copy, name, { value: frozen, enumerable: true });
      else copy[name] = frozen;
    }
    return Object.freeze(copy);
  }
  throw new TypeError(`${path}: not a JSON value`);
}

function isPlainObject(value: unknown): value is object {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
