import type { Target } from "@bufbuild/protoplugin";
import type { CompiledCondition } from "../condition/compile-condition.js";
import type { CompiledResource } from "../condition/compile-resource.js";
import { forTarget } from "../condition/printer.js";
import type { RowCode } from "../condition/row-code.js";
import type { Row } from "../merge/merge.js";
import { literal } from "../text/literal.js";

/** The texts before and after a field of an object, by target. */
export const fieldStyles: { readonly [T in Target]: readonly [before: string, after: string] } = {
  ts: ["", ","],
  js: ["", ","],
  dts: ["readonly ", ";"],
};

/**
 * Returns a row as code. A row with functions has a line for each field.
 *
 * @example
 * printRow(row, undefined, "ts"); // '{ access: "requires", roles: ["admin"], scopes: [] }'
 */
export function printRow(row: Row, code: RowCode | undefined, target: Target): string {
  const [before, after] = fieldStyles[target];
  const list = (names: readonly string[]) => listText(names, target, code === undefined ? "    " : "      ");
  const fields = [`access: ${literal(row.access)}`];
  if (row.access === "requires" || row.access === "internal") {
    fields.push(`roles: ${list(row.roles)}`, `scopes: ${list(row.scopes)}`);
    if (row.permissions.length > 0) fields.push(`permissions: ${list(row.permissions)}`);
    if (row.anyPermissions.length > 0) fields.push(`anyPermissions: ${list(row.anyPermissions)}`);
    if (row.acr.length > 0) fields.push(`acr: ${list(row.acr)}`);
    if (row.maxAgeSeconds !== undefined) fields.push(`maxAgeSeconds: ${row.maxAgeSeconds}`);
  }
  if (row.credentials.length > 0) fields.push(`credentials: ${list(row.credentials)}`);
  if (code?.resource !== undefined) fields.push(`resource: ${resourceText(code.resource, target)}`);
  if (code?.condition !== undefined) fields.push(`condition: ${conditionText(code.condition, target)}`);
  if (code === undefined) return `{ ${fields.map((field) => before + field).join(`${after} `)} }`;
  return `{\n${fields.map((field) => `      ${before}${field}${after}\n`).join("")}    }`;
}

/** Returns the key of a row. The plain key `__proto__` would set the prototype. */
export function keyOf({ method: { name } }: Row): string {
  return name === "__proto__" ? '["__proto__"]' : name;
}

/** Returns true for a row that JSON cannot have. */
export function hasFunctions(code: RowCode | undefined): boolean {
  return code?.condition !== undefined || code?.resource !== undefined;
}

function resourceText({ path, code, request, result }: CompiledResource, target: Target): string {
  const [before, after] = fieldStyles[target];
  const accessor = functionText([["request", request]], result, code, target);
  return `{ ${before}path: ${literal(path)}${after} ${before}of: ${accessor} }`;
}

function conditionText(condition: CompiledCondition, target: Target): string {
  const [before, after] = fieldStyles[target];
  const { cel, holds, admits, parameters, readsPermissions } = condition;
  const { caller, request, now } = parameters;
  const all = [
    ["caller", caller],
    ["request", request],
    ["now", now],
  ] as const;
  const fields = [`cel: ${literal(cel)}`];
  if (readsPermissions) fields.push("readsPermissions: true");
  if (admits !== undefined) {
    const early = [
      ["caller", admits.includes("caller.") ? caller : undefined],
      ["now", admits.includes("now.") ? now : undefined],
    ] as const;
    fields.push(`admits: ${functionText(early, "boolean", admits, target)}`);
  }
  fields.push(`holds: ${functionText(all, "boolean", holds, target)}`);
  return `{\n${fields.map((field) => `        ${before}${field}${after}\n`).join("")}      }`;
}

/** Returns an arrow function, or its type in a declaration file. A parameter without a type is not read. */
function functionText(
  parameters: readonly (readonly [name: string, type: string | undefined])[],
  result: string,
  code: string,
  target: Target,
): string {
  const isRead = parameters.map(([, type]) => type !== undefined);
  const list = parameters.slice(0, isRead.lastIndexOf(true) + 1).map(([name, type]) => {
    const named = type === undefined ? `_${name}` : name;
    return target === "js" ? named : `${named}: ${type ?? "unknown"}`;
  });
  if (target === "dts") return `(${list.join(", ")}) => ${result}`;
  const body = forTarget(code, target);
  const head = `(${list.join(", ")})${target === "ts" ? `: ${result}` : ""} =>`;
  return body.length > 60 ? `${head}\n          ${body}` : `${head} ${body}`;
}

/**
 * Returns a list of literals, on one line up to 80 characters. A longer list has one item per line, for clear diffs.
 *
 * @example
 * listText(["admin", "support"], "ts"); // '["admin", "support"]'
 * listText(["admin", "support"], "dts"); // 'readonly ["admin", "support"]'
 */
export function listText(items: readonly string[], target: Target, indentation = ""): string {
  const literals = items.map(literal);
  const line = `[${literals.join(", ")}]`;
  const lines = literals.map((item) => `${indentation}  ${item},\n`);
  return (target === "dts" ? "readonly " : "") + (line.length <= 80 ? line : `[\n${lines.join("")}${indentation}]`);
}
