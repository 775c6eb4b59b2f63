// Bundles the runtime into one ES module for each entry point, with chunks for the code that several of them share.
// A process loads five files instead of a hundred, and each module once: a file costs a process about a millisecond.
// Nothing is minified; the maps lead to `src`.
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join, relative, resolve } from "node:path";
import { rolldown } from "rolldown";

const { exports, peerDependencies } = JSON.parse(readFileSync("package.json", "utf8"));
const entryPoints = Object.values(exports)
  .map((file) => file.default?.replace("./dist/", "src/").replace(/\.js$/, ".ts"))
  .filter((file) => file !== undefined);

const bundle = await rolldown({
  input: Object.fromEntries(entryPoints.map((file) => [basename(file, ".ts"), file])),
  external: /^[^./]/,
  platform: "node",
  treeshake: { moduleSideEffects: false },
  // `policy.js` is one file, which browsers load: the other files take the code of the room from it, by exports that have
  // one letter and no types.
  preserveEntrySignatures: "allow-extension",
});
const { output } = await bundle.generate({
  format: "esm",
  sourcemap: true,
  sourcemapExcludeSources: true,
  minify: false,
  // The declarations have the documentation.
  comments: { jsdoc: false, annotation: true, legal: true },
  entryFileNames: "[name].js",
  // Named by content: no process that loads the package during a build gets parts of two builds.
  chunkFileNames: "chunks/[hash].js",
  hashCharacters: "hex",
  codeSplitting: {
    includeDependenciesRecursively: false,
    groups: [{ debugName: "chunks", name: (id, chunk) => chunkOf(id, (file) => chunk.getModuleInfo(file)) }],
  },
});

// Packing builds again while other processes load the package. Chunks come before the files that import them.
const files = output.flatMap(({ type, fileName, code, source }) =>
  type === "chunk" || fileName.endsWith(".map")
    ? { file: join("dist", fileName), text: code === undefined ? source : `${code}\n` }
    : [],
);
files.sort((a, b) => rankOf(a) - rankOf(b));
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

/**
 * Returns the chunk of a module, or null for the file of the entry point that alone needs it. Bundlers keep an import of
 * something external for its possible side effects, even if no name of it is used. So the code that needs nothing external,
 * such as authorization, is apart from the code that does.
 */
function chunkOf(id, infoOf) {
  const file = relative(".", id);
  if (/^src[\\/]policy(?:[\\/]|\.ts$)/.test(file)) return "policy";
  if (entryPoints.filter((entry) => reachedFrom(resolve(entry), infoOf).has(id)).length === 1) return null;
  const needs = [...reachedFrom(id, infoOf)].filter(
    (other) => /^[^./]/.test(other) && !Object.hasOwn(peerDependencies, other),
  );
  if (needs.length === 0) return "shared";
  return needs.every((name) => name === "node:async_hooks") ? "async context" : "authentication";
}

/** The modules that a module imports, directly or not, and itself. */
function reachedFrom(id, infoOf, reached = new Set()) {
  if (reached.has(id)) return reached;
  reached.add(id);
  for (const other of infoOf(id)?.importedIds ?? []) reachedFrom(other, infoOf, reached);
  return reached;
}

function rankOf({ file }) {
  return basename(dirname(file)) === "chunks" ? 0 : 1;
}
