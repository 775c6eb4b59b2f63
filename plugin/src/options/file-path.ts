import type { Target } from "@bufbuild/protoplugin";
import { invalidOption } from "./invalid.js";

/** The file extension of each target. */
export const extensions: { readonly [T in Target]: string } = { ts: ".ts", js: ".js", dts: ".d.ts" };

/** A plugin option that names a file. */
interface FileOption {
  readonly example: string;
  /** Extensions of files that are the same for every target. */
  readonly fixed: readonly string[];
  /** Whether the file may be a module, with an extension of a target or none. */
  readonly isModule: boolean;
}

/** The name of an option that names a file. */
export type FileOptionName = "registry" | "catalogue" | "report" | "openapi_overlay";

const fileOptions: { readonly [K in FileOptionName]: FileOption } = {
  registry: { example: "auth_policies.ts", fixed: [], isModule: true },
  catalogue: { example: "permissions.json", fixed: [".json"], isModule: true },
  report: { example: "access.html", fixed: [".html", ".md", ".json", ".csv"], isModule: false },
  openapi_overlay: { example: "auth.overlay.yaml", fixed: [".yaml", ".yml", ".json"], isModule: false },
};

/** The path of a file in the output folder. */
export interface FilePath {
  /** The path without the extension of a target. */
  readonly path: string;
  /** The extension of a file that is the same for every target. It is part of `path`. */
  readonly fixed: string | undefined;
}

/**
 * Parses the path of a file in the output folder.
 *
 * Throws an `Error` for a path outside the output folder, and for an extension that the option or the targets do not have.
 *
 * @example
 * parseFilePath("registry", "lib/auth_policies.js", ["js", "dts"]); // { path: "lib/auth_policies", fixed: undefined }
 * parseFilePath("report", "access.md", ["ts"]); // { path: "access.md", fixed: ".md" }
 * parseFilePath("registry", "auth_policies.ts", ["js"]);
 * // throws: … target=js writes no .ts file. Write registry=auth_policies.js
 */
export function parseFilePath(key: FileOptionName, value: string, targets: readonly Target[]): FilePath {
  const { example, fixed, isModule } = fileOptions[key];
  const fail = (reason: string) => invalidOption(`${key}=${value}`, reason);
  if (value === "") throw fail(`write the name of the file, for example ${key}=${example}`);
  if (/^[/\\]|^[A-Za-z]:|\\/.test(value) || value.split("/").some((part) => ["", ".", ".."].includes(part))) {
    throw fail("the file must be inside the output folder. Write a relative path with / and without . or ..");
  }
  if (!/^[\w./@+-]+$/.test(value)) throw fail("use only letters, digits and . _ - @ + / in the path");
  const found = fixed.find((extension) => value.endsWith(extension));
  if (found === undefined && !isModule) {
    throw fail(`write a name that ends with ${fixed.slice(0, -1).join(", ")} or ${fixed.at(-1)}`);
  }
  const [, stem = value, extension] = /(.*?)(\.d\.ts|\.ts|\.js)$/.exec(value) ?? [];
  const name = found === undefined ? stem : value.slice(0, -found.length);
  if (name === "" || name.endsWith("/")) throw fail("write a name before the extension");
  if (found !== undefined) return { path: value, fixed: found };
  const written = targets.map((target) => extensions[target]);
  if (extension === undefined || written.includes(extension)) return { path: stem, fixed: undefined };
  const best = Object.values(extensions).find((one) => written.includes(one));
  throw fail(`target=${targets.join("+")} writes no ${extension} file. Write ${key}=${stem}${best}`);
}
