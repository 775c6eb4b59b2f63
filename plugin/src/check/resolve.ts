import type { DescFile } from "@bufbuild/protobuf";
import type { CodeOfRows } from "../condition/row-code.js";
import { type Tables, tablesOf } from "../merge/merge.js";
import { checkConditions } from "./check-conditions.js";
import { checkExtensions } from "./check-extensions.js";
import { checkInheritance } from "./check-inheritance.js";
import { checkOption } from "./check-option.js";
import type { Problems } from "./problems.js";

/** The tables of files, and the compiled code of their rows. */
export interface Resolved {
  readonly tables: Tables;
  readonly code: CodeOfRows;
  /** The extension numbers of other extensions. */
  readonly foreignNumbers: ReadonlySet<number>;
}

/**
 * Merges and compiles the options of files, and adds their problems. The generator and the check plugin share it.
 *
 * @param allFiles - the files, and those that they import.
 */
export function resolve(files: readonly DescFile[], allFiles: readonly DescFile[], problems: Problems): Resolved {
  const foreignNumbers = checkExtensions(allFiles, problems);
  const tables = new Map(files.map((file) => [file, tablesOf(file, foreignNumbers)]));
  for (const table of [...tables.values()].flat()) {
    checkOption(table.declaration, problems);
    for (const row of table.rows) {
      checkOption(row.declaration, problems);
      checkInheritance(row, table, problems);
    }
  }
  return { tables, code: checkConditions(allFiles, tables, problems), foreignNumbers };
}
