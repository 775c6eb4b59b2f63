import { isNameList } from "./name-list.js";
import type { MethodPolicy, ServicePolicy } from "./service-policy.js";

/** Tables, checked and ready to be asked. */
export interface PolicyIndex {
  /** The rows of every service that has a table, by its fully qualified name. */
  readonly services: ReadonlyMap<string, ServicePolicy["methods"]>;
  /**
   * The row of a method. Undefined where the service has no table. A method
   * that is missing from its service's table, because the table is older than the
   * schema, is {@link missingRow}: a mistake, never a permission.
   */
  lookup(service: string, method: string): MethodPolicy | undefined;
}

/** What stands for a row that its table lacks. */
export const missingRow: MethodPolicy = /* @__PURE__ */ Object.freeze({ access: "deny" });

/**
 * Checks tables and indexes them by service and method.
 *
 * @throws TypeError for a malformed table, or two tables for one service.
 */
export function createPolicyIndex(policies: Iterable<ServicePolicy>): PolicyIndex {
  if (typeof Object(policies)[Symbol.iterator] !== "function" || typeof policies === "string") {
    throw new TypeError(`policies: expected a list of generated tables`);
  }
  const services = new Map<string, ServicePolicy["methods"]>();
  for (const policy of policies) {
    const { typeName, methods } = Object(policy) as ServicePolicy;
    if (typeof typeName !== "string" || typeName === "" || Object(methods) !== methods || countMembers(policy) !== 2) {
      throw new TypeError(`policies: item ${services.size} is not a generated table such as OrderServicePolicy`);
    }
    if (services.has(typeName)) throw new TypeError(`policies: two tables for service ${typeName}; pass one of them`);
    for (const [method, row] of Object.entries(methods)) {
      if (!isMethodPolicy(row)) {
        throw new TypeError(`policies: ${typeName}/${method}: malformed row ${JSON.stringify(row)}; generate it again`);
      }
    }
    services.set(typeName, methods);
  }
  return {
    services,
    lookup(service, method) {
      const methods = services.get(service);
      if (methods === undefined) return undefined;
      return Object.hasOwn(methods, method) ? methods[method] : missingRow;
    },
  };
}

const accesses: ReadonlySet<unknown> = /* @__PURE__ */ new Set(["public", "allow", "deny", "unspecified"]);
const demandingAccesses: ReadonlySet<unknown> = /* @__PURE__ */ new Set(["requires", "internal"]);

/** A member that is not known could be a demand: a row that has one is refused. */
function isMethodPolicy(row: unknown): row is MethodPolicy {
  const { access, roles, scopes } = Object(row);
  if (accesses.has(access)) return countMembers(row) === 1;
  return demandingAccesses.has(access) && isNameList(roles) && isNameList(scopes) && countMembers(row) === 3;
}

function countMembers(value: unknown): number {
  return Object.keys(Object(value)).length;
}
