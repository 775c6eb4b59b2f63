import { literal } from "../text/literal.js";
import { nearest } from "../text/nearest.js";
import { GenerationError } from "./generation-error.js";

/** The plugin options that only this plugin has. */
export interface GeneratorOptions {
  /** Whether an ambiguous schema is an error. Default: true. */
  readonly strict: boolean;
  /** Whether a run with services and without the options proto is an error. Default: false. */
  readonly requireOptions: boolean;
  /** The registry file, as the user wrote it. Default: none. */
  readonly registry: string | undefined;
  /** The packages that the registry must cover. Default: those of the run. */
  readonly registryPackages: readonly string[] | undefined;
}

type Draft = { -readonly [K in keyof GeneratorOptions]: GeneratorOptions[K] };

const own: ReadonlyMap<string, (value: string, draft: Draft) => void> = new Map<
  string,
  (value: string, draft: Draft) => void
>([
  ["strict", (value, draft) => void (draft.strict = parseBoolean("strict", value))],
  ["require_options", (value, draft) => void (draft.requireOptions = parseBoolean("require_options", value))],
  ["registry", (value, draft) => void (draft.registry = value)],
  ["registry_packages", (value, draft) => void (draft.registryPackages = parsePackages(value))],
]);

/** Values of the options of every protobuf-es plugin, where protoplugin does not name them. */
const standard: ReadonlyMap<string, string> = new Map([
  ["target", "ts, js, dts"],
  ["import_extension", "none, js, ts"],
  ["js_import_style", "module, legacy_commonjs"],
  ["keep_empty_files", "true, false, 1, 0"],
  ["ts_nocheck", "true, false, 1, 0"],
  ["elide_plugin_version", "true, false, 1, 0"],
  ["bootstrap_wkt", "true, false, 1, 0"],
  ["rewrite_imports", ""],
  ["map_imports", ""],
]);

/**
 * Parses the options that protoplugin does not know.
 *
 * @throws GenerationError for an unknown option, or an invalid value.
 */
export function parseOptions(options: readonly { key: string; value: string }[]): GeneratorOptions {
  const draft: Draft = { strict: true, requireOptions: false, registry: undefined, registryPackages: undefined };
  for (const { key, value } of options) {
    const parse = own.get(key);
    if (parse === undefined) throw new GenerationError(explainUnknown(key, value));
    parse(value, draft);
  }
  if (draft.registryPackages !== undefined && draft.registry === undefined) {
    throw invalid("registry_packages", draft.registryPackages.join("+"), "write registry=NAME as well");
  }
  return draft;
}

/** An invalid value of an option, in the words of protoplugin. */
export function invalid(key: string, value: string, reason: string): GenerationError {
  return new GenerationError(`invalid option ${literal(value === "" && key !== "registry" ? key : `${key}=${value}`)}: ${reason}`);
}

/** Adds the valid values to a message of protoplugin that lacks them. */
export function explainInvalid(message: string): string {
  const [, key = ""] = /^invalid option "(\w+)[^\n]*"$/.exec(message) ?? [];
  const values = standard.get(key);
  return values === undefined || values === "" ? message : `${message}: expected ${values}`;
}

/** `import_extension`, which is `js` unless the user wrote another: every module resolution finds such a path. */
export function importExtensionOf(parameter: string): string {
  const written = parameter.split(",").filter((option) => option.startsWith("import_extension=")).at(-1);
  const extension = written?.slice("import_extension=".length).replace(/^\.|^none$/, "") ?? "js";
  return extension === "" ? "" : `.${extension}`;
}

function explainUnknown(key: string, value: string): string {
  const known = [...standard.keys(), ...own.keys()].sort();
  const suggestion = nearest(key, known);
  const hint = suggestion === undefined ? "." : `; did you mean ${suggestion}?`;
  return `unknown option ${literal(value === "" ? key : `${key}=${value}`)}${hint} Known options: ${known.join(", ")}`;
}

function parseBoolean(key: string, value: string): boolean {
  if (["true", "1"].includes(value)) return true;
  if (["false", "0"].includes(value)) return false;
  throw invalid(key, value, "expected true, false, 1, 0");
}

function parsePackages(value: string): readonly string[] {
  const packages = value.split("+");
  if (packages.every((name) => /^[A-Za-z_]\w*(\.[A-Za-z_]\w*)*$/.test(name))) return packages;
  throw invalid("registry_packages", value, "write packages joined by +, for example registry_packages=shop.v1+billing.v1");
}
