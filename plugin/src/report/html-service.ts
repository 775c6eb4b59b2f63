import type { ReportMethod, ReportService } from "./access-report.js";
import { decidingFields, exemption } from "./deciding-fields.js";
import { badge, code, escapeHtml } from "./html-text.js";

/** Prints a service: its name, file and comment, and a table with a row for each method, in the order of the report. */
export function serviceSection({ name, file, description, deprecated, methods }: ReportService): string {
  const dot = name.lastIndexOf(".") + 1;
  return [
    '<section class="service">',
    `<h2><span class="package">${escapeHtml(name.slice(0, dot))}</span>${escapeHtml(name.slice(dot))}</h2>`,
    `<p class="file">${code(file)}${deprecated ? ` ${flag("deprecated")}` : ""}</p>`,
    ...about("p", description),
    ...(methods.length === 0
      ? ["<p>No methods.</p>"]
      : [
          // The styles change `display`, which would take the meaning of a table away.
          `<table class="list" role="table" aria-label="Methods of ${escapeHtml(name)}">`,
          '<thead role="rowgroup"><tr role="row">',
          ...["Method", "Access", "Who may call", "Decided by"].map(
            (title) => `<th role="columnheader" scope="col">${title}</th>`,
          ),
          "</tr></thead>",
          '<tbody role="rowgroup">',
          ...methods.map(methodRow),
          "</tbody>",
          "</table>",
        ]),
    "</section>",
  ].join("\n");
}

function methodRow(method: ReportMethod): string {
  const { name, kind, deprecated, description, access, exempt } = method;
  const isStreaming = kind !== "unary";
  const title = [
    `<span class="name">${escapeHtml(name)}</span>`,
    ...(isStreaming ? [flag(kind.replaceAll("_", " "))] : []),
    ...(deprecated ? [flag("deprecated")] : []),
    ...about("span", description),
  ];
  const origin = decidingFields(method).map(code);
  if (exempt) origin.push(exemption);
  return [
    `<tr role="row"${deprecated ? ' class="deprecated"' : ""}>`,
    `<th role="rowheader" scope="row">${title.join(" ")}</th>`,
    `<td role="cell" class="access">${badge(access)}</td>`,
    `<td role="cell" class="who">${whoMayCall(method).join("")}</td>`,
    `<td role="cell" class="origin">${origin.join("<br>") || "nothing"}</td>`,
    "</tr>",
  ].join("");
}

/** The callers, before their requirements. */
const leads: Readonly<Record<ReportMethod["access"], string>> = {
  public: "Anybody, without authentication",
  internal: "Only trusted internal callers",
  requires: "Any authenticated caller",
  allow: "Any authenticated caller",
  deny: "Nobody",
  unspecified: "The server’s code decides",
};

/** Returns a line for each kind of requirement. */
function whoMayCall({ access, conditions, resource, maxAgeSeconds, ...names }: ReportMethod): string[] {
  const requirements = [
    ...requirement("role", "one of the roles", names.roles),
    ...requirement("scope", "all of the scopes", names.scopes),
    ...requirement("permission", "all of the permissions", names.permissions),
    ...requirement("permission", "one of the permissions", names.anyPermissions),
    ...requirement("acr", "one of the acr values", names.acr),
    ...(maxAgeSeconds === null ? [] : [`an authentication at most ${maxAgeSeconds} s ago`]),
  ];
  const needsLead = access !== "requires" || requirements.length === 0;
  return [
    ...(needsLead ? [leads[access]] : []),
    ...requirements,
    ...requirement("by the credential", "by one of the credentials", names.credentials),
    ...(resource === null ? [] : [`on the resource ${code(`request.${resource.text}`)}`]),
    ...conditions.map(({ text }) => `only if ${code(text)}`),
  ].map((line) => `<div>${line}</div>`);
}

function requirement(one: string, several: string, names: readonly string[]): string[] {
  if (names.length === 0) return [];
  return [
    `${names.length === 1 ? one : several} ${names.map((name) => `<code class="chip">${escapeHtml(name)}</code>`).join(" ")}`,
  ];
}

function about(tag: "p" | "span", description: string): string[] {
  return description === "" ? [] : [`<${tag} class="about">${escapeHtml(description)}</${tag}>`];
}

function flag(text: string): string {
  return `<span class="flag">${text}</span>`;
}
