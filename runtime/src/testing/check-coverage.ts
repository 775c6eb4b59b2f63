import type { DescService } from "@bufbuild/protobuf";
import { createPolicyIndex } from "../policy/policy-index.js";
import type { ServicePolicy } from "../policy/service-policy.js";

/** Where tables and services differ. All lists are empty where they agree. */
export interface Coverage {
  /** Services that have no table (`pkg.v1.Service`), and methods that their table lacks (`pkg.v1.Service/Method`): these are denied. */
  readonly missing: readonly string[];
  /** Methods that a table has and its service does not: the table is from another build. */
  readonly stale: readonly string[];
  /** Tables of services that are not among these. */
  readonly extra: readonly string[];
}

/**
 * Compares tables with the services that a server offers, to catch a regeneration or a table that was forgotten.
 *
 * @param services - generated services; those of a router are `router.handlers.map(({ service }) => service)`.
 * @throws TypeError for a malformed table, or two tables for one service.
 */
export function checkCoverage(policies: Iterable<ServicePolicy>, services: Iterable<DescService>): Coverage {
  const tables = createPolicyIndex(policies).services;
  const offered = new Map([...services].map(({ typeName, methods }) => [typeName, methods.map(({ name }) => name)]));
  const missing: string[] = [];
  const stale: string[] = [];
  for (const [service, methods] of offered) {
    const table = tables.get(service);
    if (table === undefined) {
      missing.push(service);
      continue;
    }
    missing.push(...methods.filter((method) => !Object.hasOwn(table, method)).map((method) => `${service}/${method}`));
    const known = new Set(methods);
    stale.push(
      ...Object.keys(table)
        .filter((method) => !known.has(method))
        .map((method) => `${service}/${method}`),
    );
  }
  return { missing, stale, extra: [...tables.keys()].filter((service) => !offered.has(service)) };
}
