import type { ContextKey } from "@connectrpc/connect";

// Two copies of this package can be loaded into one process: two versions, or one version from two folders. They share
// what they know of a call, by names in the global symbol registry. Change the version with the meaning of what is shared.
const version = "v1";

function sharedSymbol(name: string): symbol {
  return Symbol.for(`@connectum/auth/${name}/${version}`);
}

/** A context key that is equal in every copy of this package. */
export function sharedContextKey<T>(name: string, defaultValue: T): ContextKey<T> {
  return { id: sharedSymbol(name), defaultValue };
}

/** A value that the first copy of this package creates, and the others use. */
export function sharedValue<T>(name: string, create: () => T): T {
  const id = sharedSymbol(name);
  const holder = globalThis as { [id: symbol]: T };
  if (Object.hasOwn(holder, id)) return holder[id] as T;
  const value = create();
  // Where the global object is frozen, each copy keeps its own.
  Reflect.defineProperty(holder, id, { value });
  return value;
}
