import type { Target } from "@bufbuild/protoplugin";

/** The state of compiling one condition. */
export interface Printer {
  /** The functions of the generated file that the condition calls. */
  readonly helpers: Set<HelperName>;
}

/** A function in a generated file. */
export type HelperName = "hasKey" | "given" | "claimOf" | "compareText" | "oneofValue" | "isSet";

// Literals escape private characters, so these marks cannot be part of one.
const [open, as, close, there] = ["\u{e001}", "\u{e002}", "\u{e003}", "\u{e004}"];

/** Asserts a type in TypeScript, which a guard has checked. */
export function castTo(code: string, type: string): string {
  return `${open}${code}${as}${type}${close}`;
}

/** Removes the assertion around an expression: `===` does not need it. */
export function withoutCast(code: string): string {
  return code.startsWith(open) && code.endsWith(close) ? code.slice(1, code.lastIndexOf(as)) : code;
}

/** Asserts in TypeScript that a value is there, which a guard has checked. */
export function nonNull(code: string): string {
  return code + there;
}

/** Prints the assertions of TypeScript for the target `ts`, and removes them for the others. */
export function forTarget(code: string, target: Target): string {
  if (target === "ts") {
    return code.replaceAll(open, "(").replaceAll(as, " as ").replaceAll(close, ")").replaceAll(there, "!");
  }
  return code.replace(new RegExp(`${as}[^${close}]*${close}|[${open}${there}]`, "gu"), "");
}

/** The helpers, with the ones that they call. */
const helpers: {
  readonly [N in HelperName]: { readonly calls: readonly HelperName[]; readonly ts: string; readonly js: string };
} = {
  hasKey: {
    calls: [],
    ts: "function hasKey(object: object, key: string): boolean {\n  return Object.prototype.hasOwnProperty.call(object, key);\n}",
    js: "function hasKey(object, key) {\n  return Object.prototype.hasOwnProperty.call(object, key);\n}",
  },
  given: {
    calls: [],
    ts: `/** Returns undefined for null and empty values: an empty claim must not equal an empty field. */
function given(value: unknown): unknown {
  if (value === null || value === "") return undefined;
  if (Array.isArray(value)) return value.length === 0 ? undefined : value;
  return typeof value === "object" && Object.keys(value as object).length === 0 ? undefined : value;
}`,
    js: `/** Returns undefined for null and empty values: an empty claim must not equal an empty field. */
function given(value) {
  if (value === null || value === "") return undefined;
  if (Array.isArray(value)) return value.length === 0 ? undefined : value;
  return typeof value === "object" && Object.keys(value).length === 0 ? undefined : value;
}`,
  },
  claimOf: {
    calls: ["hasKey", "given"],
    ts: `/** Reads a claim. Returns undefined for an absent, null or empty one. */
function claimOf(claims: unknown, name: string): unknown {
  if (typeof claims !== "object" || claims === null || Array.isArray(claims) || !hasKey(claims, name)) return undefined;
  return given((claims as { readonly [name: string]: unknown })[name]);
}`,
    js: `/** Reads a claim. Returns undefined for an absent, null or empty one. */
function claimOf(claims, name) {
  if (typeof claims !== "object" || claims === null || Array.isArray(claims) || !hasKey(claims, name)) return undefined;
  return given(claims[name]);
}`,
  },
  isSet: {
    calls: [],
    ts: "function isSet(value: unknown): boolean {\n  return value !== undefined;\n}",
    js: "function isSet(value) {\n  return value !== undefined;\n}",
  },
  oneofValue: {
    calls: [],
    ts: `/** Returns the value of a field in a oneof. Returns undefined if another one is set. */
function oneofValue<T extends { readonly case: string | undefined; readonly value?: unknown }, C extends string>(
  oneof: T | undefined,
  name: C,
): Extract<T, { readonly case: C }>["value"] | undefined {
  return oneof?.case === name ? oneof.value : undefined;
}`,
    js: `/** Returns the value of a field in a oneof. Returns undefined if another one is set. */
function oneofValue(oneof, name) {
  return oneof?.case === name ? oneof.value : undefined;
}`,
  },
  compareText: {
    calls: [],
    ts: compareText("a: string, b: string", ": number", "unit: number"),
    js: compareText("a, b", "", "unit"),
  },
};

/** Prints helpers, and the helpers that they call. */
export function printHelpers(names: ReadonlySet<HelperName>, target: Target): string {
  if (target === "dts") return "";
  const all = (Object.keys(helpers) as HelperName[]).filter(
    (name) => names.has(name) || [...names].some((other) => helpers[other].calls.includes(name)),
  );
  return all.map((name) => helpers[name][target]).join("\n\n");
}

function compareText(parameters: string, result: string, unit: string): string {
  return `/** Compares texts by code points. Negative if a is first. */
function compareText(${parameters})${result} {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const [x, y] = [a.charCodeAt(i), b.charCodeAt(i)];
    if (x === y) continue;
    // Surrogates are units of the largest code points.
    const rank = (${unit})${result} => (unit >= 0xe000 ? unit - 0x800 : unit >= 0xd800 ? unit + 0x2000 : unit);
    return rank(x) - rank(y);
  }
  return a.length - b.length;
}`;
}
