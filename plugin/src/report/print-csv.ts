import type { AccessReport } from "./access-report.js";

const header = [
  ...["service", "method", "kind", "deprecated", "access", "roles", "scopes", "permissions", "any_permissions"],
  ...["resource", "condition", "decided_by", "file"],
];

/**
 * Prints a line for each method, as CSV (RFC 4180) with `\n` at the end of lines. Several names in a cell are joined by `; `.
 *
 * A cell that a spreadsheet would take for a formula begins with an apostrophe.
 */
export function printCsv({ services }: AccessReport): string {
  const rows = services.flatMap((service) =>
    service.methods.map((method) => [
      ...[service.name, method.name, method.kind, String(method.deprecated), method.access],
      ...[method.roles, method.scopes, method.permissions, method.anyPermissions].map((names) => names.join("; ")),
      method.resource?.text ?? "",
      method.conditions.map(({ text }) => text).join(" && "),
      ...[method.decidedBy.join("; "), service.file],
    ]),
  );
  return [header, ...rows].map((row) => row.map(cell).join(",")).join("\n");
}

function cell(text: string): string {
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
