// Bundles the plugin into CommonJS files without dependencies, since they start fastest. The package contains only them.
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { build } from "esbuild";
import { celBundle, lazyCel } from "./lazy-cel.js";
import { stubTypeScript } from "./stub-typescript.js";

/**
 * @param {string} outfile
 * @param {import("esbuild").BuildOptions} options
 * @param {string} notice - the licenses of what the bundle contains.
 */
async function bundle(outfile, options, notice) {
  const { outputFiles } = await build({
    ...options,
    outfile,
    write: false,
    bundle: true,
    platform: "node",
    target: "node20",
    format: "cjs",
    minify: true,
    logLevel: "warning",
    banner: { js: `// Contains ${notice}.` },
  });
  // Packing builds again. Rename the file, so that a running plugin never loads half of it.
  const [{ text }] = outputFiles;
  if (existsSync(outfile) && readFileSync(outfile, "utf8") === text) return;
  mkdirSync("dist", { recursive: true });
  writeFileSync(`${outfile}.${process.pid}`, text);
  renameSync(`${outfile}.${process.pid}`, outfile);
}

await bundle(
  `dist/${celBundle}`,
  { stdin: { contents: 'export { parse } from "@marcbachmann/cel-js";', resolveDir: "." } },
  "@marcbachmann/cel-js, (c) Marc Bachmann, MIT",
);
await bundle(
  "dist/review.cjs",
  { entryPoints: ["src/review-main.ts"], plugins: [stubTypeScript, lazyCel] },
  "@bufbuild/protobuf, (c) Buf Technologies, Apache-2.0 and BSD-3-Clause",
);
await bundle(
  "dist/plugin.cjs",
  { entryPoints: ["src/main.ts"], plugins: [stubTypeScript, lazyCel] },
  "@bufbuild/protobuf and @bufbuild/protoplugin, (c) Buf Technologies, Apache-2.0 and BSD-3-Clause",
);
