// Loads the parser of CEL at its first use, from a bundle of its own. Most schemas have no condition, and even the text of the
// parser would slow down every start.

/** The bundle of the parser, beside that of the plugin. */
export const celBundle = "cel.cjs";

/** @type {import("esbuild").Plugin} */
export const lazyCel = {
  name: "lazy-cel",
  setup(build) {
    build.onResolve({ filter: /^@marcbachmann\/cel-js$/ }, ({ path }) => ({ path, namespace: "lazy-cel" }));
    build.onResolve({ filter: /^\.\/cel\.cjs$/ }, ({ path }) => ({ path, external: true }));
    build.onLoad({ filter: /.*/, namespace: "lazy-cel" }, () => ({
      contents: `export const parse = (text) => require("./${celBundle}").parse(text);`,
    }));
  },
};
