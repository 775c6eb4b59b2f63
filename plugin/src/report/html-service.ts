import type { ReportMethod, ReportService } from "./access-report.js";
import { htmlText } from "./html-text.js";
import { columnsOf, type MatrixColumn, markOf } from "./matrix.js";

/** Returns the section of a service: its methods as a list, and as a matrix. */
export function htmlService(service: ReportService, index: number): string {
  const { name, file, description, deprecated, methods } = service;
  const id = `service-${index + 1}`;
  const columns = columnsOf(service);
  const parts = [
    `<section aria-labelledby="${id}"><div class="service"><h2 id="${id}" class="name">${htmlText(name)}</h2>`,
    `<p class="file">${htmlText(file)}${deprecated ? " · deprecated" : ""}</p>`,
    ...(description === "" ? [] : [`<p>${htmlText(description)}</p>`]),
    methods.length === 0 ? "<p>No methods.</p></div>" : "</div>",
    ...(methods.length === 0 ? [] : [list(methods, id), matrix(methods, columns, id)]),
  ];
  return `${parts.join("\n")}</section>`;
}

// The roles are written out: style sheets for narrow screens take those of tables away.
function list(methods: readonly ReportMethod[], id: string): string {
  const heads = [
    ["method", "Method"],
    ["who", "Who may call"],
    ["decided", "Decided by"],
    ["asked", "This caller"],
  ].map(([name, text]) => `<th scope="col" role="columnheader" class="${name}">${text}</th>`);
  return [
    `<table class="list" role="table" aria-labelledby="${id}"><thead role="rowgroup"><tr role="row">${heads.join("")}</tr></thead>`,
    `<tbody role="rowgroup">\n${methods.map(row).join("\n")}\n</tbody></table>`,
  ].join("\n");
}

function row(method: ReportMethod): string {
  const { name, kind, description, deprecated, access, callers, conditions, resource, decidedBy, exempt } = method;
  const tags = [...(kind === "unary" ? [] : [kind.replaceAll("_", " ")]), ...(deprecated ? ["deprecated"] : [])];
  const from = [...decidedBy, ...(exempt ? ["exempt from the service’s condition"] : [])];
  const title = tags.map((tag) => `<span class="tag">${tag}</span>`).join("");
  const comment = description === "" ? "" : `<p class="description">${htmlText(description)}</p>`;
  const bounds = [
    ...(resource ? [`<p class="bound">on the resource <code>request.${htmlText(resource.text)}</code></p>`] : []),
    ...conditions.map(({ text, from: field }) => {
      return `<p class="bound">only if <code>${htmlText(text)}</code> <span class="rule">${htmlText(field)}</span></p>`;
    }),
  ];
  return [
    `<tr role="row"><th scope="row" role="rowheader"><span class="name">${htmlText(name)}</span>${title}${comment}</th>`,
    `<td role="cell"><span class="badge" data-access="${access}">${access}</span> ${wordsOf(callers, access)}${bounds.join("")}</td>`,
    `<td role="cell" class="rule">${from.map((field) => `<div>${htmlText(field)}</div>`).join("")}</td>`,
    '<td role="cell" class="answer"></td></tr>',
  ].join("");
}

/** The callers in words, without the access that the badge says. */
function wordsOf(callers: string, access: ReportMethod["access"]): string {
  const [first = "", ...rest] = callers.split(": ");
  return htmlText(access === "requires" ? callers.replace(/^Requires /, "") : rest.join(": ") || first);
}

function matrix(methods: readonly ReportMethod[], columns: readonly MatrixColumn[], id: string): string {
  const heads = columns.map(({ kind, name }) => {
    return `<th scope="col"><small>${kind}</small><span class="name">${htmlText(name)}</span></th>`;
  });
  const rows = methods.map((method) => {
    const cells = columns.map((column) => `<td>${markText(method, column)}</td>`).join("");
    const badge = `<span class="badge" data-access="${method.access}">${method.access}</span>`;
    return `<tr><th scope="row" class="name">${htmlText(method.name)}</th><td>${badge}</td>${cells}</tr>`;
  });
  return [
    `<div class="matrix" tabindex="0" role="group" aria-labelledby="${id}"><table aria-labelledby="${id}">`,
    `<thead><tr><th scope="col">Method</th><th scope="col">Access</th>${heads.join("")}</tr></thead>`,
    `<tbody>\n${rows.join("\n")}\n</tbody></table></div>`,
  ].join("");
}

function markText(method: ReportMethod, column: MatrixColumn): string {
  const mark = markOf(method, column);
  if (mark === undefined) return "";
  const [sign, text] = mark === "all" ? ["●", "needed"] : ["○", "one of these suffices"];
  return `<span class="mark" aria-hidden="true">${sign}</span><span class="unseen">${text}</span>`;
}
