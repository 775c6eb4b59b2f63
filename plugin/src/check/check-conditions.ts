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

/**
 * Compiles the conditions and resources of all methods, and reports their mistakes.
 *
 * A condition of a service is compiled for the request of every method. A method whose request lacks a field of it is an
 * error at the method.
 */
export function checkConditions(allFiles: readonly DescFile[], tables: Tables, problems: Problems): CodeOfRows {
  const enums = createEnumLookup(allFiles);
  const code = new Map<Row, RowCode>();
  for (const row of [...tables.values()].flat().flatMap(({ rows }) => rows)) {
    if (row.conditions.length === 0 && row.resource === undefined) continue;
    code.set(row, { condition: compileConditions(row, enums, problems), resource: checkResource(row, problems) });
  }
  return code;
}

function compileConditions(row: Row, enums: EnumLookup, problems: Problems): CompiledCondition | undefined {
  const { input, parent } = row.method;
  const compiler = new ConditionCompiler(input, parent.file.proto.package, enums);
  for (const declaration of row.conditions) {
    const text = declaration.condition ?? "";
    const { errors, constant } = compiler.add(text);
    const messages = new Set(errors.map(({ message, span: { start, end } }) => `${at(text, start, end)}${message}`));
    for (const message of messages) report(row, declaration, "condition", "error", message, problems);
    if (constant === undefined) continue;
    const outcome = constant ? "so it refuses nothing" : "so nobody may call";
    report(row, declaration, "condition", "ambiguous", `is always ${constant}, ${outcome}. Delete it`, problems);
  }
  return compiler.result();
}

function checkResource(row: Row, problems: Problems): CompiledResource | undefined {
  const { resource: declaration } = row;
  if (declaration?.resource === undefined) return undefined;
  try {
    return compileResource(declaration.resource, row.method.input);
  } catch (error) {
    if (!(error instanceof ConditionError)) throw error;
    report(row, declaration, "resource", "error", `${literal(declaration.resource)}: ${error.message}`, problems);
    return undefined;
  }
}

/** Reports a mistake at the method's option. A service's condition that does not fit a method is reported at the method. */
function report(
  { declaration: method }: Row,
  declaration: Declaration,
  field: "condition" | "resource",
  severity: "error" | "ambiguous",
  message: string,
  problems: Problems,
): void {
  const place = placeOf(declaration, declaration.fields[field].number);
  if (declaration === method) {
    problems.add(severity, place, `${ownerName(method)}: ${field} ${message}.`);
    return;
  }
  // The path of the method, without its option.
  const at = { file: place.file, path: method.path.slice(0, -2) };
  const own = field === "resource" ? " its own `resource` or" : "";
  const advice = severity === "error" ? ` Correct it, or add${own} \`exempt: true\` to the method.` : "";
  problems.add(severity, at, `${ownerName(method)}: the service's ${field} (${locate(place)}) ${message}.${advice}`);
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
