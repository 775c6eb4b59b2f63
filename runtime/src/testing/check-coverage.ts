import type { DescService } from "@bufbuild/protobuf";
import { createPolicyIndex } from "../policy/policy-index.js";
import type { ServicePolicy } from "../policy/service-policy.js";

/** Differences between tables and services. All lists are empty if there are none. */
export interface Coverage {
  /** Services without a table (`pkg.v1.Service`) and methods without a row (`pkg.v1.Service/Method`). Calls to them are denied. */
  readonly missing: readonly string[];
  /** Rows without a method in the service: the table is from another build. */
  readonly stale: readonly string[];
  /** Tables of services that are not offered. */
  readonly extra: readonly string[];
}

/**
 * Compares tables with the services of a server, to detect outdated and missing tables.
 *
 * @param services - generated services. For a router: `router.handlers.map(({ service }) => service)`.
 * @throws TypeError for a malformed table, or two tables for one service.
 *
 * @example
 * test("tables and services are of one build", () => {
 *   expect(checkCoverage(policies, [OrderService])).toEqual({ missing: [], stale: [], extra: [] });
 * });
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
