import { type Position, readPositions, type SourceIndex } from "./source-info.js";

/**
 * How bad a problem is. `ambiguous` is an error as well, unless the user said `strict=false`: then the documented
 * merge applies as written, and a warning says so.
 */
export type Severity = "error" | "ambiguous" | "warning";

/** An element of a proto file, by the path that SourceCodeInfo uses. */
export interface Place {
  readonly file: { readonly name: string; readonly sourceInfo: Uint8Array | undefined };
  readonly path: readonly number[];
}

/** What a run has to say to the user, sorted by file and position. */
export interface Report {
  readonly errors: readonly string[];
  readonly warnings: readonly string[];
}

/** Collects what is wrong with a schema, so that everything is reported at once. */
export class Problems {
  readonly #found: { severity: Severity; place: Place; message: string }[] = [];
  readonly #positions = new Map<string, SourceIndex<Position>>();

  add(severity: Severity, place: Place, message: string): void {
    this.#found.push({ severity, place, message });
  }

  /** `path/file.proto:LINE:COL` of a place, or as much of it as the request knows. */
  locate(place: Place): string {
    const position = this.#position(place);
    return position === undefined ? place.file.name : `${place.file.name}:${position.line}:${position.column}`;
  }

  report(strict: boolean): Report {
    const errors: string[] = [];
    const warnings: string[] = [];
    for (const { severity, place, message } of this.#sorted()) {
      const line = this.locate(place);
      if (severity === "error") errors.push(`${line}: ${message}`);
      else if (severity === "ambiguous" && strict) errors.push(`${line}: ${message} (a warning with strict=false)`);
      else warnings.push(`${line}: warning: ${message}`);
    }
    return { errors, warnings };
  }

  #sorted(): readonly { severity: Severity; place: Place; message: string }[] {
    return this.#found
      .map((problem) => ({ ...problem, position: this.#position(problem.place) ?? { line: 0, column: 0 } }))
      .sort(
        (a, b) =>
          compare(a.place.file.name, b.place.file.name) ||
          a.position.line - b.position.line ||
          a.position.column - b.position.column,
      );
  }

  #position({ file, path }: Place): Position | undefined {
    let positions = this.#positions.get(file.name);
    if (positions === undefined) {
      positions = readPositions(file.sourceInfo);
      this.#positions.set(file.name, positions);
    }
    return positions.get(path);
  }
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
