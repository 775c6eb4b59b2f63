import { columnsOf, type MatrixColumn, type MatrixMark, markOf } from "../src/report/matrix.js";
import { visible } from "../src/text/literal.js";
import { element } from "./element.js";
import type { PageMethod, PageService } from "./method.js";
import { addAnswer } from "./show-answers.js";

const marks = { all: ["●", "needed"], any: ["○", "one of these suffices"] } as const;

/** A larger matrix is slow, and nobody can read it. */
const mostCells = 50_000;

/** Adds a matrix to each service that has none: its methods by the names that they require. */
export function addMatrices(services: readonly PageService[]): void {
  for (const service of services) if (service.section.querySelector(".matrix") === null) addMatrix(service);
}

function addMatrix({ service, section, methods }: PageService): void {
  if (methods.length === 0) return;
  const columns = columnsOf(service);
  if (columns.length * methods.length > mostCells) {
    section.append(
      element("p", { class: "matrix" }, `No matrix: it would have ${columns.length} columns. Use the list.`),
    );
    return;
  }
  const head = element(
    "tr",
    {},
    element("th", { scope: "col" }, "Method"),
    element("th", { scope: "col", class: "answer" }, "This caller"),
    element("th", { scope: "col" }, "Access"),
    ...columns.map(({ kind, name }) =>
      element(
        "th",
        { scope: "col" },
        element("span", { class: "kind" }, kind),
        " ",
        element("code", {}, visible(name)),
      ),
    ),
  );
  const table = element(
    "table",
    {},
    element("thead", {}, head),
    element("tbody", {}, ...methods.map((method) => addRow(method, columns))),
  );
  const label = `Matrix of ${visible(service.name)}`;
  section.append(element("div", { class: "matrix", role: "region", tabindex: "0", "aria-label": label }, table));
}

function addRow(of: PageMethod, columns: readonly MatrixColumn[]): HTMLElement {
  const { method, rows } = of;
  const answer = element("td", { class: "answer" });
  const row = element(
    "tr",
    method.deprecated ? { class: "deprecated" } : {},
    element("th", { scope: "row" }, element("span", { class: "name" }, visible(method.name))),
    answer,
    element("td", {}, element("span", { class: `badge ${method.access}` }, method.access)),
    ...columns.map((column) => element("td", { class: "mark" }, ...markText(markOf(method, column)))),
  );
  row.hidden = rows[0]?.hidden === true;
  rows.push(row);
  addAnswer(answer, of);
  return row;
}

function markText(mark: MatrixMark): Node[] {
  if (mark === undefined) return [];
  const [sign, text] = marks[mark];
  return [element("span", { "aria-hidden": "true" }, sign), element("span", { class: "spoken" }, text)];
}
