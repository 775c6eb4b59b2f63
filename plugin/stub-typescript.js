// protoplugin imports TypeScript to transpile the output of plugins that print one target only. This plugin prints every
// target, and loading TypeScript would take two thirds of its start. Each function of the stub throws.
const names = ["createDefaultMapFromNodeModules", "createSystem", "createVirtualCompilerHost"];
const fail = 'throw new Error("the bundle of protoc-gen-connectum-auth has no TypeScript: print every target");';

/** @type {import("esbuild").Plugin} */
export const stubTypeScript = {
  name: "stub-typescript",
  setup(build) {
    build.onResolve({ filter: /^(typescript|@typescript\/vfs)$/ }, ({ path }) => ({ path, namespace: "stub" }));
    build.onLoad({ filter: /.*/, namespace: "stub" }, () => ({
      contents: [
        `export default new Proxy({}, { get() { ${fail} } });`,
        ...names.map((name) => `export function ${name}() { ${fail} }`),
      ].join("\n"),
    }));
  },
};
