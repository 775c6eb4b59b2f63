import type { DescFile } from "@bufbuild/protobuf";
import type { AccessField, Declaration } from "../declaration/declaration.js";
import type { DecidingField } from "../merge/merge.js";
import { type Path, type Position, positionOf } from "../request/source-info.js";
import { literal } from "../text/literal.js";

/** The severity of a problem. `ambiguous` is an error, or a warning with `strict=false`. */
export type Severity = "error" | "ambiguous" | "warning";

/** An element of a proto file, by its path in SourceCodeInfo. */
export type Place = { readonly file: DescFile; readonly path: Path };

export interface Problem {
  readonly severity: Severity;
  readonly place: Place;
  readonly message: string;
}

/**
 * Collects the problems of a schema and reports them together, sorted by file and position.
 *
 * @example
 * const problems = new Problems();
 * problems.add("error", { file, path: [6, 0] }, 'shop.v1.S: unknown default_policy "alow".');
 * const warnings: string[] = [];
 * problems.report(true, warnings);
 * // ['shop/v1/orders.proto:12:7: shop.v1.S: unknown default_policy "alow".']
 */
export class Problems {
  readonly #found: (Problem & { file: string; at: Position })[] = [];

  /** Adds a problem. The message names the element, since a place may have no position. */
  add(severity: Severity, place: Place, message: string): void {
    const { file, path } = place;
    this.#found.push({ severity, place, message, file: file.proto.name, at: positionOf(file, path) });
  }

  /** All problems, in the order in which they were found. */
  get all(): readonly Problem[] {
    return this.#found;
  }

  /** Returns the errors, and appends the warnings to `warnings`. */
  report(strict: boolean, warnings: string[]): string[] {
    const errors: string[] = [];
    this.#found.sort((a, b) => {
      const byPosition = a.at.line - b.at.line || a.at.column - b.at.column;
      return a.file < b.file ? -1 : a.file > b.file ? 1 : byPosition;
    });
    for (const { severity, file, at, message } of this.#found) {
      const isError = severity === "error" || (severity === "ambiguous" && strict);
      const hint = isError && severity === "ambiguous" ? " (a warning with strict=false)" : "";
      (isError ? errors : warnings).push(`${format(file, at)}: ${isError ? "" : "warning: "}${message}${hint}`);
    }
    return errors;
  }
}

/** Returns `path/file.proto:LINE:COLUMN`, or only the file if the request has no positions. */
export function locate({ file, path }: Place): string {
  return format(file.proto.name, positionOf(file, path));
}

function format(file: string, { line, column }: Position): string {
  return line === 0 ? file : `${file}:${line}:${column}`;
}

/** Returns the place of an option, or of a field in it. */
export function placeOf({ owner, path }: Declaration, ...field: readonly number[]): Place {
  return { file: owner.kind === "rpc" ? owner.parent.file : owner.file, path: [...path, ...field] };
}

/** Returns the fully qualified name of the option's method or service. */
export function ownerName({ owner }: Declaration): string {
  return owner.kind === "rpc" ? `${owner.parent.typeName}.${owner.name}` : owner.typeName;
}

/** Returns a field as the user wrote it: `public: true`, `default_policy: "deny"`, `requires`. */
export function settingOf(declaration: Declaration, field: AccessField): string {
  const { name } = declaration.fields[field];
  // A condition is long.
  const value = field === "condition" ? {} : declaration[field];
  return `\`${typeof value === "object" ? name : `${name}: ${typeof value === "string" ? literal(value) : value}`}\``;
}

/** The callers that a field admits if it decides. */
export const outcomes: { readonly [F in DecidingField]: string } = {
  public: "anybody may call",
  internal: "only trusted internal callers may call",
  requires: "callers who meet its requirements may call",
  policy: "the policy alone decides",
};
