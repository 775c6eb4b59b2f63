import type { DescService } from "@bufbuild/protobuf";
import type { ServicePolicy } from "@connectum/auth";
import { checkCoverage } from "@connectum/auth/testing";

/**
 * Checks that the tables match the services. A service without its table would reject calls that the protos allow.
 *
 * @throws Error with the differences.
 */
export function assertCovered(policies: readonly ServicePolicy[], services: readonly DescService[]): void {
  const differences = Object.entries(checkCoverage(policies, services)).filter(([, names]) => names.length > 0);
  if (differences.length === 0) return;
  const list = differences.map(([kind, names]: [string, readonly string[]]) => `${kind}: ${names.join(", ")}`);
  throw new Error(`The tables do not fit the services; run buf generate. ${list.join("; ")}`);
}
