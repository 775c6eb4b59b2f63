import { createRequire } from "node:module";

/** The modules of Node that the package loads when it first needs them. */
interface BuiltIns {
  readonly "node:crypto": typeof import("node:crypto");
  readonly "node:net": typeof import("node:net");
}

type Load = <Name extends keyof BuiltIns>(name: Name) => BuiltIns[Name];

let load: Load | undefined;

/**
 * Returns a module of Node, and loads it at its first use. To load `node:crypto` and `node:net` takes as long as to load this
 * package, and many servers use neither.
 *
 * @example
 * const { isIP } = builtIn("node:net");
 */
export function builtIn<Name extends keyof BuiltIns>(name: Name): BuiltIns[Name] {
  // Node before 20.16 and 22.3 lacks `getBuiltinModule`, which bundles to CommonJS need.
  load ??= (process.getBuiltinModule ?? createRequire(import.meta.url)) as Load;
  return load(name);
}
