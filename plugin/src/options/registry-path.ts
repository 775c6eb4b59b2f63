import type { Target } from "@bufbuild/protoplugin";
import { invalid } from "./options.js";

/** The extension of the files of a target. */
export const extensionOf: { readonly [T in Target]: string } = { ts: ".ts", js: ".js", dts: ".d.ts" };

/**
 * Checks the name of the registry file, and takes off its extension: each target has its own.
 *
 * @throws GenerationError
 */
export function parseRegistryPath(value: string, targets: readonly Target[]): string {
  const fail = (reason: string) => invalid("registry", value, reason);
  if (value === "") throw fail("write the name of the file, for example registry=auth_policies.ts");
  if (/^[/\\]|^[A-Za-z]:|\\/.test(value) || value.split("/").some((part) => ["", ".", ".."].includes(part))) {
    throw fail("the file must be below the output folder: write a relative path with / and without . or ..");
  }
  if (!/^[\w./@+-]+$/.test(value)) throw fail("use letters, digits and any of . _ - @ + / in the path");
  const [, path = value, extension] = /(.*?)(\.d\.ts|\.ts|\.js)$/.exec(value) ?? [];
  if (path === "" || path.endsWith("/")) throw fail("the file needs a name before its extension");
  const written = targets.map((target) => extensionOf[target]);
  const preferred = [".ts", ".js", ".d.ts"].find((candidate) => written.includes(candidate));
  if (extension !== undefined && !written.includes(extension)) {
    throw fail(`target=${targets.join("+")} writes no ${extension} file: write registry=${path}${preferred}`);
  }
  return path;
}
