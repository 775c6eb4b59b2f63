import { checkDeclaration, checkInheritance } from "./check.js";
import { declarationOf, serviceDeclarationOf } from "./declaration.js";
import { type Resolved, resolve } from "./merge.js";
import type { Problems } from "./problems.js";
import type { ProtoMethod, ProtoService } from "./request.js";

/** The access of one service, ready to be printed. */
export interface ServiceTable {
  readonly service: ProtoService;
  /** A row for every method, in declaration order. */
  readonly rows: readonly Row[];
}

export interface Row extends Resolved {
  readonly method: ProtoMethod;
}

/** Resolves the options of a service and its methods, and reports what is wrong with them. */
export function resolveService(service: ProtoService, problems: Problems): ServiceTable {
  const inherited = serviceDeclarationOf(service);
  checkDeclaration(inherited, problems);
  const rows = service.methods.map((method) => {
    const own = declarationOf(method);
    const resolved = resolve(own, inherited);
    checkDeclaration(own, problems);
    checkInheritance(own, inherited, resolved, problems);
    return { ...resolved, method };
  });
  return { service, rows };
}
