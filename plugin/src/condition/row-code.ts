import type { Row } from "../merge/merge.js";
import type { CompiledCondition } from "./compile-condition.js";
import type { CompiledResource } from "./compile-resource.js";

/** The condition and the resource of a row, compiled. */
export interface RowCode {
  readonly condition: CompiledCondition | undefined;
  readonly resource: CompiledResource | undefined;
}

/** The code of the rows with a condition or a resource. */
export type CodeOfRows = ReadonlyMap<Row, RowCode>;
