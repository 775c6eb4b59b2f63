import type { DescService } from "@bufbuild/protobuf";
import type { ServicePolicy } from "@connectum/auth";
import { checkCoverage } from "@connectum/auth/testing";

/**
 * Makes sure that tables and services are of one build. Without it nothing would open, but calls would be refused
 * that the protos allow, and somebody would have to find out why.
 *
 * @throws Error naming what differs.
 */
export function assertCovered(policies: readonly ServicePolicy[], services: readonly DescService[]): void {
  const differences = Object.entries(checkCoverage(policies, services)).filter(([, names]) => names.length > 0);
  if (differences.length === 0) return;
  const list = differences.map(([kind, names]: [string, readonly string[]]) => `${kind}: ${names.join(", ")}`);
  throw new Error(`The tables do not fit the services; run buf generate. ${list.join("; ")}`);
}
