import { timeOf } from "../platform/time-of.js";

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
 * @param name - what the value is called in errors.
 * @throws TypeError naming the place of a value that JSON cannot express, or that nests too deeply.
 */
export function freezeJson(value: unknown, name: string): FrozenJson {
  return freeze(value, [name]);
}

/** @param path - where the value stands; put together only where it has to be told. */
function freeze(value: unknown, path: (string | number)[]): FrozenJson {
  if (path.length > maxDepth + 1) throw new TypeError(`${place(path)}: nested more than ${maxDepth} levels deep`);
  if (typeof value === "string" || typeof value === "boolean" || value === null) return value;
  // JSON has no negative zero.
  if (typeof value === "number" && Number.isFinite(value)) return value === 0 ? 0 : value;
  if (Array.isArray(value)) return Object.freeze(value.map((item, i) => freezeMember(item, i, path)));
  if (isPlainObject(value)) {
    const copy: { [name: string]: FrozenJson } = {};
    for (const [name, member] of Object.entries(value)) {
      if (member === undefined) continue;
      const frozen = freezeMember(member, name, path);
      // A claim of this name stays a claim.
      if (name === "__proto__") Object.defineProperty(copy, name, { value: frozen, enumerable: true });
      else copy[name] = frozen;
    }
    return Object.freeze(copy);
  }
  const time = timeOf(value);
  if (!Number.isNaN(time)) return new Date(time).toISOString();
  throw new TypeError(`${place(path)}: not a JSON value`);
}

function freezeMember(member: unknown, name: string | number, path: (string | number)[]): FrozenJson {
  path.push(name);
  const frozen = freeze(member, path);
  path.pop();
  return frozen;
}

function place([first, ...names]: readonly (string | number)[]): string {
  return first + names.map((name) => (typeof name === "number" ? `[${name}]` : `.${name}`)).join("");
}

function isPlainObject(value: unknown): value is object {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  // Written so that objects of another realm are plain as well.
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}
