import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { diffLines } from "./line-diff.js";

export const protosFolder: string = fileURLToPath(new URL("./protos", import.meta.url));

/** Whole files of the target `ts`. Of the others, only how each file differs from its sibling there. */
export const goldenFolder: string = fileURLToPath(new URL("./golden", import.meta.url));

/** What is generated for the golden protos, and the parameter that does it. */
export const variants = {
  ts: "target=ts,registry=registry.ts",
  "js+dts": "target=js+dts,registry=registry",
  commonjs: "target=js,js_import_style=legacy_commonjs,elide_plugin_version=true,registry=lib/registry.js",
} as const;
export type Variant = keyof typeof variants;

/** The golden files of generated ones. Those of another target than `ts` are differences from it. */
export function goldenOf(
  variant: Variant,
  generated: ReadonlyMap<string, string>,
  ts: ReadonlyMap<string, string> = readFolder(join(goldenFolder, "ts")),
): Map<string, string> {
  if (variant === "ts") return new Map(generated);
  return new Map(
    [...generated].map(([name, text]) => {
      const sibling = ts.get(name.replace(/^lib\//, "").replace(/(\.d\.ts|\.js)$/, ".ts"));
      if (sibling === undefined) throw new Error(`${name} has no sibling in ${goldenFolder}/ts`);
      return [`${name}.diff`, diffLines(sibling, text)];
    }),
  );
}

/** The files below a folder whose names have an ending, by their path with slashes. */
export function readFolder(folder: string, ending = ""): Map<string, string> {
  const names = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(ending))
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).replaceAll("\\", "/"));
  return new Map(names.sort().map((name) => [name, readFileSync(join(folder, name), "utf8")]));
}
