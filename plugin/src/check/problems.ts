import type { DescFile } from "@bufbuild/protobuf";
import { compareCodeUnits } from "../text/compare.js";
import { type Path, type Position, readPositions } from "../request/source-info.js";

/**
 * How bad a problem is. `ambiguous` is an error as well, unless the user said `strict=false`: then the documented
 * merge applies as written, and a warning says so.
 */
export type Severity = "error" | "ambiguous" | "warning";

/** An element of a proto file. */
export interface Place {
  readonly file: DescFile;
  readonly path: Path;
}

/** The messages of a run, sorted by file and position. */
export interface Report {
  readonly errors: readonly string[];
  readonly warnings: readonly string[];
}

interface Problem {
  readonly severity: Severity;
  readonly place: Place;
  readonly message: string;
}

/** Collects the problems of a schema and reports them together. */
export class Problems {
  readonly #found: Problem[] = [];
  readonly #positions = new Map<DescFile, ReturnType<typeof readPositions>>();

  add(severity: Severity, place: Place, message: string): void {
    this.#found.push({ severity, place, message });
  }

  /** `path/file.proto:LINE:COL` of a place, or as much of it as the request tells. */
  locate(place: Place): string {
    const { name } = place.file.proto;
    const position = this.#position(place);
    return position === undefined ? name : `${name}:${position.line}:${position.column}`;
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

  #sorted(): readonly Problem[] {
    return this.#found
      .map((problem) => ({ problem, position: this.#position(problem.place) ?? { line: 0, column: 0 } }))
      .sort(
        (a, b) =>
          compareCodeUnits(a.problem.place.file.proto.name, b.problem.place.file.proto.name) ||
          a.position.line - b.position.line ||
          a.position.column - b.position.column,
      )
      .map(({ problem }) => problem);
  }

  #position({ file, path }: Place): Position | undefined {
    let positions = this.#positions.get(file);
    if (positions === undefined) {
      positions = readPositions(file);
      this.#positions.set(file, positions);
    }
    return positions(path);
  }
}
