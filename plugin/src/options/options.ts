import { literal } from "../text/literal.js";
import { nearest } from "../text/nearest.js";
import { invalid } from "./invalid.js";

/** The options of this plugin, without those of every protobuf-es plugin. */
export interface GeneratorOptions {
  /** Writes the tables. Default: true. */
  readonly tables: boolean;
  /** Reports an ambiguous schema as an error. Default: true. */
  readonly strict: boolean;
  /** Requires that a run with services imports the options proto. Default: false. */
  readonly requireOptions: boolean;
  /** Path of the registry file, as written. Default: no registry. */
  readonly registry: string | undefined;
  /** Path of the catalogue of permissions, as written. Default: no catalogue. */
  readonly catalogue: string | undefined;
  /** Paths of the access reports, as written. Default: none. */
  readonly reports: readonly string[];
  /** Path of the OpenAPI overlay, as written. Default: no overlay. */
  readonly openapiOverlay: string | undefined;
  /** Name of the OpenAPI document's security scheme. Default: the overlay defines one. */
  readonly openapiSecurityScheme: string | undefined;
  /** The packages that the run's services must be in, exactly. Default: no check. */
  readonly registryPackages: readonly string[] | undefined;
}

const booleans = "true, false, 1, 0";

const ownOptions: { readonly [key: string]: (value: string) => Partial<GeneratorOptions> } = {
  tables: (value) => ({ tables: parseBoolean("tables", value) }),
  strict: (value) => ({ strict: parseBoolean("strict", value) }),
  require_options: (value) => ({ requireOptions: parseBoolean("require_options", value) }),
  registry: (value) => ({ registry: value }),
  catalogue: (value) => ({ catalogue: value }),
  report: (value) => ({ reports: [value] }),
  openapi_overlay: (value) => ({ openapiOverlay: value }),
  openapi_security_scheme: (value) => ({ openapiSecurityScheme: parseScheme(value) }),
  registry_packages: (value) => ({ registryPackages: parsePackages(value) }),
};

/** The options of every protobuf-es plugin, with their values if protoplugin's message omits them. */
const standardOptions: ReadonlyMap<string, string> = new Map([
  ["target", "ts, js, dts"],
  ["import_extension", "none, js, ts"],
  ["js_import_style", "module, legacy_commonjs"],
  ...["keep_empty_files", "ts_nocheck", "elide_plugin_version", "bootstrap_wkt"].map((key) => [key, booleans] as const),
  ...["rewrite_imports", "map_imports"].map((key) => [key, ""] as const),
]);

/**
 * Parses the options that protoplugin does not know.
 *
 * Throws an `Error` for an unknown option or an invalid value.
 *
 * @example
 * parseOptions([{ key: "registry", value: "auth_policies.ts" }]);
 * // { strict: true, requireOptions: false, registry: "auth_policies.ts", catalogue: undefined, … }
 *
 * parseOptions([{ key: "strikt", value: "false" }]);
 * // throws: unknown option "strikt=false". Did you mean strict? Known options: …
 */
export function parseOptions(options: readonly { key: string; value: string }[]): GeneratorOptions {
  const defaults = { tables: true, strict: true, requireOptions: false };
  const unset = { registry: undefined, catalogue: undefined, registryPackages: undefined };
  const noOverlay = { openapiOverlay: undefined, openapiSecurityScheme: undefined };
  const parsed = options.map(({ key, value }) => {
    const parse = Object.hasOwn(ownOptions, key) ? ownOptions[key] : undefined;
    if (parse === undefined) throw new Error(explainUnknown(key, value));
    return parse(value);
  });
  // `report` may be repeated. Of any other option, the last counts.
  const reports = parsed.flatMap((one) => one.reports ?? []);
  return Object.assign({ ...defaults, ...unset, ...noOverlay }, ...parsed, { reports });
}

/**
 * Completes an error message of protoplugin.
 *
 * Adds the valid values if the message has none. Removes protoplugin's prefix from a message of this plugin. Returns
 * any other message unchanged.
 *
 * @example
 * explainInvalid('invalid option "target=vb"');
 * // 'invalid option "target=vb": expected ts, js, dts'
 *
 * explainInvalid('invalid option "strikt=1": unknown option "strikt=1"');
 * // 'unknown option "strikt=1"'
 */
export function explainInvalid(message: string): string {
  const values = standardOptions.get(/^invalid option "(\w+)[^\n]*"$/.exec(message)?.[1] ?? "");
  if (values) return `${message}: expected ${values}`;
  return message.replace(/^invalid option ".*": (?=(?:invalid|unknown) option ")/s, "");
}

/**
 * Returns the ending of import paths, from the last `import_extension` in the plugin's parameter.
 *
 * The default is `.js`, since every module resolution accepts it.
 *
 * @example
 * importExtensionOf("target=ts"); // ".js"
 * importExtensionOf("target=ts,import_extension=ts"); // ".ts"
 * importExtensionOf("target=ts,import_extension=none"); // ""
 */
export function importExtensionOf(parameter: string): string {
  const [, written = "js"] = /.*(?:^|,)import_extension=\.?(\w*)/.exec(parameter) ?? [];
  return written === "" || written === "none" ? "" : `.${written}`;
}

function explainUnknown(key: string, value: string): string {
  const known = [...standardOptions.keys(), ...Object.keys(ownOptions)].sort();
  const suggestion = nearest(key, known);
  const hint = suggestion === undefined ? "" : `Did you mean ${suggestion}? `;
  return `unknown option ${literal(value === "" ? key : `${key}=${value}`)}. ${hint}Known options: ${known.join(", ")}`;
}

function parseBoolean(key: string, value: string): boolean {
  if (booleans.split(", ").includes(value)) return value === "true" || value === "1";
  throw invalid(key, value, `expected ${booleans}`);
}

function parsePackages(value: string): readonly string[] {
  const packages = value.split("+");
  if (packages.every((name) => /^\w+(\.\w+)*$/.test(name))) return packages;
  throw invalid("registry_packages", value, "join packages with +, as in registry_packages=shop.v1+billing.v1");
}

/** Returns the name of a security scheme, a key of OpenAPI's Components Object. */
function parseScheme(value: string): string {
  if (/^[\w.-]+$/.test(value)) return value;
  const reason = "write the name of a security scheme of the OpenAPI document: letters, digits and . _ -";
  throw invalid("openapi_security_scheme", value, reason);
}
