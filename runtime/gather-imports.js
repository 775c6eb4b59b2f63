// Lets each package and built-in be imported by one module, from which the others take its names.
//
// Bundlers keep an import of something external for its possible side effects, even if no name of it is used. A chunk
// that has such imports would bring `node:net` into bundles that need no networks. A module that only passes names on
// is left out with its import, by `sideEffects: false`. Where it is kept, there is one import instead of many.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { decode, encode } from "@jridgewell/sourcemap-codec";

const namespace = "external";
const namedImport = /^import \{([^}]*)\} from "([^."][^"]*)";$/gm;
/**
 * An esbuild plugin for the sources in a folder.
 *
 * @param {{ folder: string, except: RegExp }} options - `except`: importers that keep their own imports.
 */
export function gatherImports({ folder, except }) {
  const names = readNames(folder);
  return {
    name: "gather imports",
    setup(build) {
      build.onResolve({ filter: /^[^./]/ }, ({ path, importer, kind, namespace: from }) => {
        if (kind === "entry-point") return path.startsWith(`${namespace}:`) ? toModule(path.slice(9)) : undefined;
        const isOwn = from === namespace || except.test(importer) || importsNamespace(importer, path);
        return isOwn ? { path, external: true } : toModule(path);
      });
      build.onLoad({ filter: /.*/, namespace }, ({ path }) => ({
        contents: `export { ${[...(names.get(path) ?? [])].join(", ")} } from ${JSON.stringify(path)};`,
      }));
    },
  };
}

/** A source map without the modules that are made here, which are no files. */
export function withoutGathered(text) {
  const map = JSON.parse(text);
  const sources = map.sources.filter((source) => !source.startsWith(`${namespace}:`));
  const indexes = map.sources.map((source) => sources.indexOf(source));
  const lines = decode(map.mappings).map((line) =>
    line
      .filter(([, source]) => indexes[source] !== -1)
      .map(([column, source, ...rest]) => [column, indexes[source], ...rest]),
  );
  return JSON.stringify({ ...map, sources, mappings: encode(lines) });
}

function toModule(path) {
  return { path, namespace, sideEffects: false };
}

/** The names that are imported, for each package. One that is missed fails the build. */
function readNames(folder) {
  const names = new Map();
  for (const file of readdirSync(folder, { recursive: true }).filter((file) => file.endsWith(".ts"))) {
    for (const [, list, from] of readFileSync(join(folder, file), "utf8").matchAll(namedImport)) {
      const values = list.split(",").map((name) => name.trim());
      const known = names.get(from) ?? names.set(from, new Set()).get(from);
      for (const name of values) if (name !== "" && !name.startsWith("type ")) known.add(name.replace(/ as .*/, ""));
    }
  }
  return names;
}

/** Whether a source takes a package as a namespace: it asks for names that not every version has. */
function importsNamespace(file, path) {
  return new RegExp(`^import \\* as \\w+ from "${path}";$`, "m").test(readFileSync(file, "utf8"));
}
