import { timeOf } from "../platform/time-of.js";

/** A frozen JSON value. */
export type FrozenJson =
  | string
  | number
  | boolean
  | null
  | readonly FrozenJson[]
  | { readonly [name: string]: FrozenJson };

const maxDepth = 64;

/**
 * Returns a frozen copy of a JSON value, without undefined members. A `Date` becomes its ISO 8601 string.
 *
 * @param name - the name of the value in errors.
 * @throws TypeError naming the place of a value that JSON cannot express, or that nests too deeply.
 */
export function freezeJson(value: unknown, name: string): FrozenJson {
  return freeze(value, [name]);
}

/** @param path - the place of the value, joined only for an error. */
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
      // A claim may have this name.
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
  // Plain objects of another realm have a prototype of their own.
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}
