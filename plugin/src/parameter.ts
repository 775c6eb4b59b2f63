import { literal } from "./literal.js";
import { nearest } from "./nearest.js";

export type Target = "ts" | "js" | "dts";

/** The plugin options of a run. */
export interface GeneratorOptions {
  readonly targets: readonly Target[];
  readonly tsNocheck: boolean;
  readonly elidePluginVersion: boolean;
  readonly keepEmptyFiles: boolean;
  /** What ends the path of a file that is referred to. By default, `.js`, which every module resolution knows. */
  readonly importExtension: string;
  readonly jsImportStyle: "module" | "legacy_commonjs";
  /** Whether an ambiguous schema is an error. By default, true. */
  readonly strict: boolean;
  /** The registry file. By default, none is written. */
  readonly registry: Registry | undefined;
  /** The parameter as it is shown in generated files. */
  readonly shown: string;
}

/** Where the registry file goes. */
export interface Registry {
  /** As the user wrote it. */
  readonly written: string;
  /** Its path without an extension: each target has its own. */
  readonly path: string;
}

/** A plugin option that is unknown or has a value it cannot have. */
export class PluginOptionError extends Error {}

type Draft = { -readonly [K in keyof GeneratorOptions]: GeneratorOptions[K] };

/**
 * The options that every protobuf-es plugin takes, and ours. Tables import nothing, and the types of a registry come from
 * files beside it, so most options about imports are checked and have no effect: one `opt` list may serve several plugins.
 */
const options: ReadonlyMap<string, (value: string, draft: Draft) => unknown> = new Map<
  string,
  (value: string, draft: Draft) => unknown
>([
  ["target", (value, draft) => (draft.targets = parseTargets(value))],
  ["import_extension", (value, draft) => (draft.importExtension = parseExtension(value))],
  ["js_import_style", (value, draft) => (draft.jsImportStyle = oneOf(value, ["module", "legacy_commonjs"]))],
  ["keep_empty_files", (value, draft) => (draft.keepEmptyFiles = parseBoolean(value))],
  ["ts_nocheck", (value, draft) => (draft.tsNocheck = parseBoolean(value))],
  ["elide_plugin_version", (value, draft) => (draft.elidePluginVersion = parseBoolean(value))],
  ["rewrite_imports", (value) => checkPair(value, 0)],
  ["map_imports", (value) => checkPair(value, 1)],
  ["bootstrap_wkt", (value) => parseBoolean(value)],
  ["strict", (value, draft) => (draft.strict = parseBoolean(value))],
  ["registry", (value, draft) => (draft.registry = { written: value, path: value })],
]);

/**
 * Parses the comma-separated options that the compiler passes on.
 *
 * @throws PluginOptionError for an unknown option, or a value that an option cannot have.
 */
export function parseParameter(parameter: string): GeneratorOptions {
  const draft: Draft = {
    targets: ["js", "dts"],
    tsNocheck: false,
    elidePluginVersion: false,
    keepEmptyFiles: false,
    importExtension: ".js",
    jsImportStyle: "module",
    strict: true,
    registry: undefined,
    shown: "",
  };
  const shown: string[] = [];
  for (const raw of parameter === "" ? [] : parameter.split(",")) {
    const [key = "", ...rest] = raw.split("=");
    const value = rest.join("=");
    const parse = options.get(key);
    if (parse === undefined) throw new PluginOptionError(explainUnknown(raw, key));
    try {
      parse(value, draft);
    } catch (error) {
      if (!(error instanceof PluginOptionError)) throw error;
      throw new PluginOptionError(`invalid option ${literal(raw)}: ${error.message}`);
    }
    // As in every protobuf-es plugin: import rewrites are noise in generated files.
    if (key !== "rewrite_imports") shown.push(raw);
  }
  if (draft.registry !== undefined) draft.registry = parseRegistry(draft.registry.written, draft.targets);
  return { ...draft, shown: shown.join(",") };
}

function explainUnknown(raw: string, key: string): string {
  const suggestion = nearest(key, [...options.keys()]);
  const hint = suggestion === undefined ? "." : `; did you mean ${suggestion}?`;
  return `unknown option ${literal(raw)}${hint} Known options: ${[...options.keys()].sort().join(", ")}`;
}

function parseTargets(value: string): Target[] {
  return [...new Set(value.split("+").map((target) => oneOf(target, ["ts", "js", "dts"])))];
}

function parseExtension(value: string): string {
  const extension = oneOf(value, ["none", "js", "ts", "", ".js", ".ts"]);
  return extension === "none" || extension === "" ? "" : `.${extension.replace(".", "")}`;
}

function parseBoolean(value: string): boolean {
  return ["true", "1"].includes(oneOf(value, ["true", "false", "1", "0"]));
}

function checkPair(value: string, minimum: number): void {
  const colon = value.indexOf(":");
  if (colon < minimum || (minimum > 0 && colon === value.length - 1)) {
    throw new PluginOptionError("write <pattern>:<target>");
  }
}

function oneOf<const T extends string>(value: string, allowed: readonly T[]): T {
  const found = allowed.find((word) => word === value);
  if (found !== undefined) return found;
  throw new PluginOptionError(`expected ${allowed.filter((word) => /^\w/.test(word)).join(", ")}`);
}

/** Checks the name of the registry file, and takes off its extension: each target has its own. */
function parseRegistry(value: string, targets: readonly Target[]): Registry {
  const fail = (reason: string) => new PluginOptionError(`invalid option ${literal(`registry=${value}`)}: ${reason}`);
  if (value === "") throw fail("write the name of the file, for example registry=auth_policies.ts");
  if (/^[/\\]|^[A-Za-z]:|\\/.test(value) || value.split("/").some((part) => ["", ".", ".."].includes(part))) {
    throw fail("the file must be below the output folder: write a relative path with / and without . or ..");
  }
  if (!/^[\w./@+-]+$/.test(value)) throw fail("use letters, digits and any of . _ - @ + / in the path");
  const [, base = value, extension] = /(.*?)(\.d\.ts|\.ts|\.js)$/.exec(value) ?? [];
  if (base === "" || base.endsWith("/")) throw fail("the file needs a name before its extension");
  const wanted = targets.includes("ts") ? ".ts" : targets.includes("js") ? ".js" : ".d.ts";
  const written = { ".ts": "ts", ".js": "js", ".d.ts": "dts" } as const;
  if (extension !== undefined && !targets.includes(written[extension as keyof typeof written])) {
    throw fail(`target=${targets.join("+")} writes no ${extension} file: write registry=${base}${wanted}`);
  }
  return { written: value, path: base };
}
