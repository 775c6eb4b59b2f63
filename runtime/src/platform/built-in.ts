import { createRequire } from "node:module";

/** The modules of Node that the package loads when it first needs them. */
interface BuiltIns {
  readonly "node:buffer": typeof import("node:buffer");
  readonly "node:crypto": typeof import("node:crypto");
  readonly "node:net": typeof import("node:net");
}

const loaded: Map<keyof BuiltIns, unknown> = /* @__PURE__ */ new Map();

/**
 * Returns a module of Node, and loads it at its first use. To load `node:crypto` and `node:net` takes as long as to load this
 * package, and many servers use neither.
 *
 * @example
 * const { isIP } = builtIn("node:net");
 */
export function builtIn<Name extends keyof BuiltIns>(name: Name): BuiltIns[Name] {
  let module = loaded.get(name);
  if (module === undefined) {
    // Node before 20.16 and 22.3, and older Workers, lack `getBuiltinModule`. Built-ins are the same from every path, and a
    // bundle may have no `import.meta.url`.
    const load = globalThis.process?.getBuiltinModule ?? createRequire("/");
    module = load(name);
    loaded.set(name, module);
  }
  return module as BuiltIns[Name];
}
