/**
 * A member of an object or of its classes, but not of `Object.prototype`, which other code of the process may have changed.
 *
 * @example
 * memberOf(scheme, "internal"); // undefined, although Object.prototype.internal is true
 */
export function memberOf<T extends object, K extends keyof T>(object: T, name: K): T[K] | undefined {
  for (let owner: object | null = object; owner !== null; owner = Object.getPrototypeOf(owner)) {
    const isRoot = owner !== object && Object.getPrototypeOf(owner) === null;
    if (!isRoot && Object.hasOwn(owner, name)) return object[name];
  }
  return undefined;
}
