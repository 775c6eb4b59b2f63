import { checkInheritance } from "./check-inheritance.js";
import { checkOption } from "./check-option.js";
import { declare, methodAuth, serviceAuth } from "./declaration.js";
import { type Resolved, resolve } from "./merge.js";
import type { Problems } from "./problems.js";
import { methodAuthNumber, type ProtoMethod, type ProtoService, serviceAuthNumber } from "./request.js";

/** The access of one service, ready to be printed. */
export interface ServiceTable {
  readonly service: ProtoService;
  /** A row for every method, in declaration order. */
  readonly rows: readonly Row[];
}

export interface Row extends Resolved {
  readonly method: ProtoMethod;
}

/**
 * Resolves the options of a service and its methods, and reports what is wrong with them.
 *
 * @param taken - extension numbers whose values are somebody else's, and are not read.
 */
export function resolveService(service: ProtoService, taken: ReadonlySet<number>, problems: Problems): ServiceTable {
  const inherited = declare(service, serviceAuth, taken.has(serviceAuthNumber) ? undefined : service.auth);
  checkOption(inherited, problems);
  const rows = service.methods.map((method) => {
    const own = declare(method, methodAuth, taken.has(methodAuthNumber) ? undefined : method.auth);
    const resolved = resolve(own, inherited);
    checkOption(own, problems);
    checkInheritance(own, inherited, resolved, problems);
    return { ...resolved, method };
  });
  return { service, rows };
}
