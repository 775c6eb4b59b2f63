import type { DescFile, DescMethod, DescService } from "@bufbuild/protobuf";
import { type Declaration, declare } from "../declaration/declaration.js";
import type { Path } from "../request/source-info.js";
import { type Resolved, resolve } from "./merge.js";

/** The tables of one file to generate. */
export interface FileTables {
  readonly file: DescFile;
  readonly tables: readonly ServiceTable[];
}

/** The access of one service. */
export interface ServiceTable {
  readonly service: DescService;
  readonly path: Path;
  readonly declaration: Declaration;
  /** A row for every method, in declaration order. */
  readonly rows: readonly Row[];
}

export interface Row extends Resolved {
  readonly method: DescMethod;
  readonly path: Path;
  readonly declaration: Declaration;
}

/**
 * Reads and merges the options of a file's services and methods.
 *
 * @param taken - extension numbers whose values belong to another extension, and are not read.
 */
export function resolveFile(file: DescFile, taken: ReadonlySet<number>): FileTables {
  return { file, tables: file.services.map((service, index) => resolveService(service, [6, index], taken)) };
}

function resolveService(service: DescService, path: Path, taken: ReadonlySet<number>): ServiceTable {
  const inherited = declare(service, path, taken);
  const rows = service.methods.map((method, index) => {
    const own = [...path, 2, index];
    const declaration = declare(method, own, taken);
    return { ...resolve(declaration, inherited), method, path: own, declaration };
  });
  return { service, path, declaration: inherited, rows };
}
