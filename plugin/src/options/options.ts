import type { Target } from "@bufbuild/protoplugin";
import { literal } from "../text/literal.js";
import { nearest } from "../text/nearest.js";

/** The plugin options that only this plugin has. */
export interface GeneratorOptions {
  readonly strict: boolean;
  readonly requireOptions: boolean;
  readonly registry: string | undefined;
  readonly registryPackages: readonly string[] | undefined;
}

const booleans = "true, false, 1, 0";

/** The extension of the files of a target. */
export const extensions: { readonly [T in Target]: string } = { ts: ".ts", js: ".js", dts: ".d.ts" };

const own: { readonly [key: string]: (value: string) => Partial<GeneratorOptions> } = {
  strict: (value) => ({ strict: parseBoolean("strict", value) }),
  require_options: (value) => ({ requireOptions: parseBoolean("require_options", value) }),
  registry: (value) => ({ registry: value }),
  registry_packages: (value) => ({ registryPackages: parsePackages(value) }),
};

/** The options of every protobuf-es plugin, with their values where protoplugin does not name them. */
const standard: ReadonlyMap<string, string> = new Map([
  ["target", "ts, js, dts"],
  ["import_extension", "none, js, ts"],
  ["js_import_style", "module, legacy_commonjs"],
  ...["keep_empty_files", "ts_nocheck", "elide_plugin_version", "bootstrap_wkt"].map((key) => [key, booleans] as const),
  ...["rewrite_imports", "map_imports"].map((key) => [key, ""] as const),
]);

/** Parses the options that protoplugin does not know. Throws for an unknown option or an invalid value. */
export function parseOptions(options: readonly { key: string; value: string }[]): GeneratorOptions {
  const defaults = { strict: true, requireOptions: false, registry: undefined, registryPackages: undefined };
  const parsed = options.map(({ key, value }) => {
    const parse = Object.hasOwn(own, key) ? own[key] : undefined;
    if (parse === undefined) throw new Error(explainUnknown(key, value));
    return parse(value);
  });
  return Object.assign(defaults, ...parsed);
}

/** An invalid value of an option, in the words of protoplugin. */
export function invalid(key: string, value: string, reason: string): Error {
  const option = value === "" && key !== "registry" ? key : `${key}=${value}`;
  return new Error(`invalid option ${literal(option)}: ${reason}`);
}

/** Mends messages of protoplugin: those that lack the valid values, and those that wrap a message of ours. */
export function explainInvalid(message: string): string {
  const values = standard.get(/^invalid option "(\w+)[^\n]*"$/.exec(message)?.[1] ?? "");
  if (values) return `${message}: expected ${values}`;
  return message.replace(/^invalid option ".*": (?=(?:invalid|unknown) option ")/s, "");
}

/** `import_extension`, which is `js` unless the user wrote another: every module resolution finds such a path. */
export function importExtensionOf(parameter: string): string {
  const [, written = "js"] = /.*(?:^|,)import_extension=\.?(\w*)/.exec(parameter) ?? [];
  return written === "" || written === "none" ? "" : `.${written}`;
}

function explainUnknown(key: string, value: string): string {
  const known = [...standard.keys(), ...Object.keys(own)].sort();
  const meant = nearest(key, known);
  const hint = meant === undefined ? "." : `; did you mean ${meant}?`;
  return `unknown option ${literal(value === "" ? key : `${key}=${value}`)}${hint} Known options: ${known.join(", ")}`;
}

function parseBoolean(key: string, value: string): boolean {
  if (booleans.split(", ").includes(value)) return value === "true" || value === "1";
  throw invalid(key, value, `expected ${booleans}`);
}

function parsePackages(value: string): readonly string[] {
  const packages = value.split("+");
  if (packages.every((name) => /^\w+(\.\w+)*$/.test(name))) return packages;
  throw invalid("registry_packages", value, "write packages joined by +, as in registry_packages=shop.v1+billing.v1");
}

/** Checks the name of the registry file, and takes off its extension: each target has its own. */
export function parseRegistryPath(value: string, targets: readonly Target[]): string {
  const fail = (reason: string) => invalid("registry", value, reason);
  if (value === "") throw fail("write the name of the file, for example registry=auth_policies.ts");
  if (/^[/\\]|^[A-Za-z]:|\\/.test(value) || value.split("/").some((part) => ["", ".", ".."].includes(part))) {
    throw fail("the file must be below the output folder: write a relative path with / and without . or ..");
  }
  if (!/^[\w./@+-]+$/.test(value)) throw fail("use letters, digits and any of . _ - @ + / in the path");
  const [, path = value, extension] = /(.*?)(\.d\.ts|\.ts|\.js)$/.exec(value) ?? [];
  if (path === "" || path.endsWith("/")) throw fail("the file needs a name before its extension");
  const written = targets.map((target) => extensions[target]);
  if (extension === undefined || written.includes(extension)) return path;
  const best = Object.values(extensions).find((one) => written.includes(one));
  throw fail(`target=${targets.join("+")} writes no ${extension} file: write registry=${path}${best}`);
}
