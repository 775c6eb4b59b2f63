import { literal, visibleLines } from "../text/literal.js";
import type { AccessReport, ReportBound, ReportMethod, ReportService } from "./access-report.js";
import { decidingFields } from "./deciding-fields.js";

const header = [
  ...["service", "method", "kind", "deprecated", "access", "roles", "scopes", "permissions", "any_permissions"],
  ...["acr", "max_age_seconds", "credentials", "resource", "condition", "decided_by", "exempt", "file"],
];

/**
 * Prints a line for each method, as CSV (RFC 4180) with `\n` at the end of lines. Several names in a cell are joined by `; `.
 *
 * A cell that a spreadsheet would take for a formula begins with an apostrophe.
 */
export function printCsv({ services }: AccessReport): string {
  const rows = services.flatMap((service) => service.methods.map((method) => cellsOf(service, method)));
  return [header, ...rows].map((row) => row.map(cell).join(",")).join("\n");
}

function cellsOf(service: ReportService, method: ReportMethod): string[] {
  return [
    ...[service.name, method.name, method.kind, String(method.deprecated), method.access],
    ...[method.roles, method.scopes, method.permissions, method.anyPermissions].map(joinNames),
    ...[joinNames(method.acr), String(method.maxAgeSeconds ?? ""), joinNames(method.credentials)],
    ...[method.resource?.text ?? "", joinConditions(method.conditions)],
    ...[decidingFields(method).join("; "), String(method.exempt), service.file],
  ];
}

/** Joins names. Quotes a name that would look like several. */
function joinNames(names: readonly string[]): string {
  return names.map((name) => (/;|^"/.test(name) ? literal(name) : name)).join("; ");
}

/** Joins conditions, as the condition of a table's row. */
function joinConditions(conditions: readonly ReportBound[]): string {
  const texts = conditions.map(({ text }) => text);
  return texts.length > 1 ? texts.map((text) => `(${text})`).join(" && ") : texts.join();
}

function cell(text: string): string {
  const shown = visibleLines(text);
  const safe = /^[=+\-@\t\r\n]/.test(shown) ? `'${shown}` : shown;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
