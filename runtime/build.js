// Bundles the runtime into one ES module for each entry point, with chunks for the code that several of them share.
// A process loads ten files instead of a hundred, and each module once. Nothing is minified; the maps lead to `src`.
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join, relative } from "node:path";
import { build } from "esbuild";
import { gatherImports, withoutGathered } from "./gather-imports.js";

const { exports } = JSON.parse(readFileSync("package.json", "utf8"));
const entryPoints = Object.values(exports)
  .map((file) => file.default?.replace("./dist/", "src/").replace(/\.js$/, ".ts"))
  .filter((file) => file !== undefined);
// Gives these a chunk of their own. Authorization shares a file with their importers, and does without them.
const ownChunks = ["node:async_hooks", "node:net"].map((name) => ({
  in: `external:${name}`,
  out: `not-written-${name.slice(5)}`,
}));

const { outputFiles } = await build({
  entryPoints: [...entryPoints.map((file) => ({ in: file, out: file.slice(4, -3) })), ...ownChunks],
  outdir: "dist",
  outbase: "src",
  // Named by content: no process that loads the package during a build gets parts of two builds.
  chunkNames: "chunks/[hash]",
  write: false,
  bundle: true,
  splitting: true,
  format: "esm",
  platform: "node",
  target: "node20",
  plugins: [gatherImports({ folder: "src", except: /[\\/]testing[\\/]/ })],
  // A regular expression stays a literal. `new RegExp()` would count as a side effect in users' bundlers.
  supported: { "regexp-unicode-property-escapes": true },
  sourcemap: true,
  sourcesContent: false,
  logLevel: "warning",
});

// Packing builds again while other processes load the package. Chunks come before the files that import them.
const files = outputFiles
  .map(({ path, text }) => ({
    file: relative(".", path),
    text: path.endsWith(".map") ? withoutGathered(text) : text,
  }))
  .filter(({ file }) => !file.includes("not-written"));
files.sort((a, b) => Number(isEntryPoint(a)) - Number(isEntryPoint(b)));
for (const { file, text } of files) {
  if (existsSync(file) && readFileSync(file, "utf8") === text) continue;
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(`${file}.${process.pid}`, text);
  renameSync(`${file}.${process.pid}`, file);
}

// Older builds leave chunks and declarations behind, which would be packed.
const written = new Set(files.map(({ file }) => file));
for (const file of readdirSync("dist", { recursive: true })) {
  const isCode = /\.js(\.map)?$/.test(file) && !written.has(join("dist", file));
  const isDeclaration = file.endsWith(".d.ts") && !existsSync(join("src", file.replace(/\.d\.ts$/, ".ts")));
  if (isCode || isDeclaration) rmSync(join("dist", file), { force: true });
}

function isEntryPoint({ file }) {
  return basename(dirname(file)) !== "chunks";
}
