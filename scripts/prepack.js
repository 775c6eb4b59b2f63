// Copies the options and the licence into the package that is being packed, and fails when the package is not whole.
// npm runs it in the package's folder, after the build, before `npm pack` and `npm publish`.
import { copyFileSync, existsSync, mkdirSync, readFileSync, renameSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";

for (const file of ["proto/connectum/auth/v1/options.proto", "LICENSE"]) {
  mkdirSync(dirname(file), { recursive: true });
  // Renamed into place: the same package may be packed twice at a time.
  copyFileSync(new URL(`../${file}`, import.meta.url), `.copy-${process.pid}`);
  renameSync(`.copy-${process.pid}`, file);
}

const { name, main, types, bin, exports, typesVersions, files } = JSON.parse(readFileSync("package.json", "utf8"));
const named = [main, types, bin, exports, typesVersions, files].flatMap(leaves).filter((file) => !/[*!]/.test(file));
const needed = new Set(named.map((file) => join(file)));
// The set grows meanwhile: declarations need those that they import.
for (const file of needed) {
  if (file.endsWith(".d.ts") && existsSync(file)) for (const declaration of importsOf(file)) needed.add(declaration);
}
const missing = [...needed].filter((file) => !existsSync(file));
if (missing.length > 0) throw new Error(`${name}: files that the package needs do not exist: ${missing.join(", ")}`);
// An entry point that lacks a module of its own does not load.
for (const file of leaves(exports).filter((file) => file.endsWith(".js"))) await import(pathToFileURL(resolve(file)));

function importsOf(declaration) {
  const imports = readFileSync(declaration, "utf8").matchAll(/\b(?:from|import\() ?"(\.[^"]+)\.js"/g);
  return [...imports].map(([, path]) => join(dirname(declaration), `${path}.d.ts`));
}

function leaves(value) {
  if (value === undefined) return [];
  return typeof value === "string" ? [value] : Object.values(value).flatMap(leaves);
}
