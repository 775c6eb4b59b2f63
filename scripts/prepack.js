// Copies the options and the licence into the package that is being packed, and fails when the package is not whole.
// npm runs it in the package's folder, after the build, before `npm pack` and `npm publish`.
import { cpSync, existsSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

for (const name of ["proto", "LICENSE"]) {
  cpSync(fileURLToPath(new URL(`../${name}`, import.meta.url)), resolve(name), { recursive: true });
}

const { name, main, types, bin, exports, typesVersions, files } = JSON.parse(readFileSync("package.json", "utf8"));
const named = [main, types, bin, exports, typesVersions, files].flatMap(leaves).filter((file) => !/[*!]/.test(file));
const missing = [...new Set(named)].filter((file) => !existsSync(file));
if (missing.length > 0) throw new Error(`${name}: package.json names files that do not exist: ${missing.join(", ")}`);
// An entry point that lacks a module of its own does not load.
for (const file of leaves(exports).filter((file) => file.endsWith(".js"))) await import(pathToFileURL(resolve(file)));

function leaves(value) {
  if (value === undefined) return [];
  return typeof value === "string" ? [value] : Object.values(value).flatMap(leaves);
}
