import { visible, visibleLines } from "../text/literal.js";
import type { AccessReport, ReportMethod, ReportName, ReportService } from "./access-report.js";
import { decidingFields, exemption } from "./deciding-fields.js";
import { columnsOf, type MatrixColumn, markOf } from "./matrix.js";

/** Prints the report as GitHub-flavored Markdown: totals, then each service with its matrix, then each name. */
export function printMarkdown(report: AccessReport): string {
  const { totals, services, roles, scopes, permissions, acr, credentials } = report;
  const counts = [
    `${plural(totals.methods, "method")} of ${plural(totals.services, "service")}`,
    ...(["public", "internal", "requires", "allow", "deny", "unspecified"] as const)
      .filter((access) => totals[access] > 0)
      .map((access) => `${totals[access]} ${access}`),
    `${totals.withCondition} with a condition`,
    `${totals.withResource} with a resource`,
    `${totals.deprecated} deprecated`,
  ];
  return [
    "# Access report",
    `${counts.join(", ")}.`,
    ...services.flatMap(serviceSections),
    ...nameSections("Roles", roles),
    ...nameSections("Scopes", scopes),
    ...nameSections("Permissions", permissions),
    ...nameSections("Ways of authentication", acr, "acr"),
    ...nameSections("Credentials", credentials),
  ].join("\n\n");
}

function serviceSections(service: ReportService): string[] {
  const { name, file, description, deprecated, methods } = service;
  const sections = [`## ${code(name)}`, `${code(file)}${deprecated ? ", deprecated" : ""}`];
  if (description !== "") sections.push(quote(description));
  if (methods.length === 0) return [...sections, "No methods."];
  sections.push(
    table(
      ["method", "who may call", "kind", "decided by"],
      methods.map((method) => [
        `${code(method.name)}${method.deprecated ? " (deprecated)" : ""}`,
        whoMayCall(method),
        method.kind.replaceAll("_", " "),
        [...decidingFields(method).map(code), ...(method.exempt ? [exemption] : [])].join(", "),
      ]),
    ),
  );
  const columns = columnsOf(service);
  if (columns.length > 0) sections.push(matrix(methods, columns), "● needed, ○ one of these suffices");
  return sections;
}

function whoMayCall({ callers, conditions, resource }: ReportMethod): string {
  const parts = [
    escapeText(callers),
    ...(resource ? [`on the resource ${code(`request.${resource.text}`)}`] : []),
    ...conditions.map(({ text }) => `only if ${code(text)}`),
  ];
  return parts.join(", ");
}

function matrix(methods: readonly ReportMethod[], columns: readonly MatrixColumn[]): string {
  const marks = { all: "●", any: "○" };
  const rows = methods.map((method) => [
    code(method.name),
    ...columns.map((column) => {
      const mark = markOf(method, column);
      return mark === undefined ? "" : marks[mark];
    }),
  ]);
  return table(["method", ...columns.map(({ kind, name }) => `${kind} ${code(name)}`)], rows);
}

function nameSections(title: string, names: readonly ReportName[], noun = title.toLowerCase().slice(0, -1)): string[] {
  if (names.length === 0) return [];
  const rows = names.map(({ name, methods }) => [code(name), String(methods.length), methods.map(code).join(", ")]);
  return [`## ${title}`, table([noun, "methods", "required by"], rows)];
}

/** Prints a table without padding, so that a change of one cell changes one line. */
function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`.replace(/ +\|/g, " |");
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}

/** Returns a text as code of a table. A pipe would end the cell, even in code. */
function code(text: string): string {
  const shown = visible(text.replace(/[\t-\r ]+/g, " "));
  // No code span of a table can have a backslash before a pipe.
  if (shown.includes("\\|")) return `<code>${shown.replace(/[!-/:-@[-`{-~]/g, entity)}</code>`;
  const flat = shown.replaceAll("|", "\\|");
  const longest = Math.max(0, ...[...flat.matchAll(/`+/g)].map(([ticks]) => ticks.length));
  const fence = "`".repeat(longest + 1);
  const space = longest > 0 || /^ .*[^ ].* $/.test(flat) ? " " : "";
  return `${fence}${space}${flat}${space}${fence}`;
}

function entity(character: string): string {
  return `&#${character.charCodeAt(0)};`;
}

/** Quotes a comment of the schema, line by line. */
function quote(text: string): string {
  return visibleLines(text)
    .split("\n")
    .map((line) => `> ${escapeText(line.replaceAll("\t", " ").replace(/^ +/, ""))}`.replace(/ +$/, ""))
    .join("\n");
}

/** Escapes everything that Markdown or HTML reads. */
function escapeText(text: string): string {
  return visible(text)
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replace(/[\\`*_{}[\]()#+!|~>$]/g, "\\$&")
    .replace(/^[-=]/, "\\$&")
    .replace(/^(\d+)\./, "$1\\.");
}

function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
