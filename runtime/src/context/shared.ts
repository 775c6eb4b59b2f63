import type { ContextKey } from "@connectrpc/connect";

// One process can load two copies of this package: two versions, or one version from two folders. They share the state of a
// call by names in the global symbol registry. Change the version when the meaning of the state changes.
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
  // With a frozen global object, each copy keeps its own value.
  Reflect.defineProperty(holder, id, { value });
  return value;
}
