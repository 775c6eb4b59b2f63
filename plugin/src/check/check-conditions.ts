import type { DescEnum, DescFile } from "@bufbuild/protobuf";
import { nestedTypes } from "@bufbuild/protobuf/reflect";
import { type CompiledCondition, ConditionCompiler } from "../condition/compile-condition.js";
import { type CompiledResource, compileResource } from "../condition/compile-resource.js";
import { ConditionError } from "../condition/condition-error.js";
import type { CodeOfRows, RowCode } from "../condition/row-code.js";
import type { EnumLookup } from "../condition/scope.js";
import type { Declaration } from "../declaration/declaration.js";
import type { Row, Tables } from "../merge/merge.js";
import { literal } from "../text/literal.js";
import { locate, ownerName, type Problems, placeOf } from "./problems.js";

/** A mistake in the condition or the resource of a declaration, found for one method. */
interface Mistake {
  readonly row: Row;
  readonly declaration: Declaration;
  readonly field: "condition" | "resource";
  readonly severity: "error" | "ambiguous";
  readonly message: string;
}

/**
 * Compiles the conditions and resources of all methods, and reports their mistakes.
 *
 * A condition of a service is compiled for the request of every method. A method whose request lacks a field of it is an
 * error at the method.
 */
export function checkConditions(allFiles: readonly DescFile[], tables: Tables, problems: Problems): CodeOfRows {
  const enums = createEnumLookup(allFiles);
  const code = new Map<Row, RowCode>();
  for (const { rows } of [...tables.values()].flat()) {
    const mistakes: Mistake[] = [];
    for (const row of rows) {
      if (row.conditions.length === 0 && row.resource === undefined) continue;
      code.set(row, { condition: compileConditions(row, enums, mistakes), resource: checkResource(row, mistakes) });
    }
    report(mistakes, rows, problems);
  }
  return code;
}

function compileConditions(row: Row, enums: EnumLookup, mistakes: Mistake[]): CompiledCondition | undefined {
  const { input, parent } = row.method;
  const compiler = new ConditionCompiler(input, parent.file.proto.package, enums);
  for (const declaration of row.conditions) {
    const text = declaration.condition ?? "";
    const { errors, constant } = compiler.add(text);
    const base = { row, declaration, field: "condition" } as const;
    const messages = new Set(errors.map(({ message, span: { start, end } }) => `${at(text, start, end)}${message}`));
    mistakes.push(...[...messages].map((message) => ({ ...base, severity: "error", message }) as const));
    if (constant === undefined) continue;
    const outcome = constant ? "so it refuses nothing" : "so nobody may call";
    // The second is never true together with the first.
    const both = !constant && declaration === row.conditions[1] ? " together with the service's condition" : "";
    mistakes.push({ ...base, severity: "ambiguous", message: `is always ${constant}${both}, ${outcome}. Delete it` });
  }
  return compiler.result();
}

function checkResource(row: Row, mistakes: Mistake[]): CompiledResource | undefined {
  const { resource: declaration } = row;
  if (declaration?.resource === undefined) return undefined;
  const isUsed = [...row.permissions, ...row.anyPermissions].length > 0 || readsPermissions(row);
  if (declaration === row.declaration && !isUsed) {
    const message = "binds nothing: the method requires no permissions. Add some to `requires`, or delete it";
    mistakes.push({ row, declaration, field: "resource", severity: "ambiguous", message });
  }
  try {
    return compileResource(declaration.resource, row.method.input);
  } catch (error) {
    if (!(error instanceof ConditionError)) throw error;
    const message = `${literal(declaration.resource)}: ${error.message}`;
    mistakes.push({ row, declaration, field: "resource", severity: "error", message });
    return undefined;
  }
}

/** Returns true if a condition reads the permissions that count for the call. */
function readsPermissions({ conditions }: Row): boolean {
  return conditions.some(({ condition = "" }) => condition.includes("caller.permissions"));
}

/**
 * Reports mistakes at the option that has them. A service's condition that does not fit one method is reported at the method;
 * one that fits no method is reported once, at the service.
 */
function report(mistakes: readonly Mistake[], rows: readonly Row[], problems: Problems): void {
  const reported = new Set<string>();
  for (const { row, declaration, field, severity, message } of mistakes) {
    const isOwn = declaration === row.declaration;
    const place = placeOf(declaration, declaration.fields[field].number);
    const end = /[?.]$/.test(message) ? "" : ".";
    const same = mistakes.filter((one) => one.declaration === declaration && one.field === field);
    const fitsNone = () => {
      const affected = rows.filter((one) =>
        field === "resource" ? one.resource : one.conditions.includes(declaration),
      );
      return affected.every((one) => same.some((other) => other.row === one));
    };
    if (isOwn || fitsNone()) {
      const key = `${field} of ${ownerName(declaration)}`;
      // The mistakes of the first method: those of the others only name another request.
      if (!isOwn && row !== same[0]?.row) continue;
      if (reported.has(key + message)) continue;
      reported.add(key + message);
      problems.add(severity, place, `${ownerName(declaration)}: ${field} ${message}${end}`);
      continue;
    }
    // The path of the method, without its option.
    const { file } = place;
    const own = field === "resource" ? " its own `resource` or" : "";
    const advice = severity === "error" ? ` Change the request, or add${own} \`exempt: true\` to the method.` : "";
    const text = `${ownerName(row.declaration)}: the service's ${field} (${locate(place)}) ${message}${end}${advice}`;
    problems.add(severity, { file, path: row.declaration.path.slice(0, -2) }, text);
  }
}

/** The place of a mistake in a condition: its character, counted from 1, and its text. */
function at(text: string, start: number, end: number): string {
  const part = text.slice(start, end);
  const shown = part.length > 40 ? `${part.slice(0, 40)}…` : part;
  return `at character ${start + 1}${shown === "" ? "" : ` (${shown.replace(/[\t-\r ]+/g, " ")})`}: `;
}

/** Finds enums by name, in all files of the run. Searches them at the first use. */
function createEnumLookup(files: readonly DescFile[]): EnumLookup {
  let found: Map<string, DescEnum> | undefined;
  return (typeName) => {
    found ??= new Map(
      files
        .flatMap((file) => [...nestedTypes(file)])
        .flatMap((type) => (type.kind === "enum" ? [[type.typeName, type] as const] : [])),
    );
    return found.get(typeName);
  };
}
