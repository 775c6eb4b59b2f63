// Loads the parser of CEL at its first use. Most schemas have no condition, and the parser would be a tenth of the start.
const name = "@marcbachmann/cel-js";

/** @type {import("esbuild").Plugin} */
export const lazyCel = {
  name: "lazy-cel",
  setup(build) {
    build.onResolve({ filter: /^@marcbachmann\/cel-js$/ }, ({ path, kind }) =>
      kind === "require-call" ? undefined : { path, namespace: "lazy-cel" },
    );
    build.onLoad({ filter: /.*/, namespace: "lazy-cel" }, () => ({
      contents: `export const parse = (text) => require(${JSON.stringify(name)}).parse(text);`,
      resolveDir: import.meta.dirname,
    }));
  },
};
