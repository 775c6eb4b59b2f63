import { type Answer, type AskedCaller, answerOf } from "./answer.js";
import { code } from "./code.js";
import { element } from "./element.js";
import type { PageMethod, PageService } from "./method.js";

export const verdicts: Readonly<Record<Answer, string>> = {
  yes: "may call",
  bound: "may call",
  no: "may not call",
  code: "the server’s code decides",
};

/** Answers for each method whether the caller may call it. Without caller, no answer is shown. */
export function showAnswers(services: readonly PageService[], caller: AskedCaller | undefined): void {
  document.body.classList.toggle("asked", caller !== undefined);
  if (caller === undefined) return;
  for (const { table, methods, section } of services) {
    addAnswerColumn(section, methods);
    for (const method of methods) {
      const answer = answerOf(table, method.method, caller);
      if (answer === method.answer) continue;
      method.answer = answer;
      for (const cell of method.answers) fill(cell, method);
    }
  }
}

/** Adds a cell that shows the answer about a method from now on. */
export function addAnswer(cell: HTMLElement, method: PageMethod): void {
  method.answers.push(cell);
  fill(cell, method);
}

/** Adds the cells of the answers to the list, once. */
function addAnswerColumn(section: HTMLElement, methods: readonly PageMethod[]): void {
  const header = section.querySelector(".list thead th");
  if (header === null || section.querySelector(".list .answer") !== null) return;
  header.after(element("th", { role: "columnheader", scope: "col", class: "answer" }, "This caller"));
  for (const method of methods) {
    const cell = element("td", { role: "cell", class: "answer" });
    method.rows[0]?.firstElementChild?.after(cell);
    addAnswer(cell, method);
  }
}

function fill(cell: HTMLElement, { method, answer }: PageMethod): void {
  if (answer === undefined) return;
  const { resource, conditions } = method;
  const bounds: (Node | string)[] = [];
  if (resource !== null) bounds.push(" on the resource ", code(resource));
  conditions.forEach((condition, index) => {
    bounds.push(index === 0 ? " if " : " and ", code(condition));
  });
  const verdict = element("span", { class: `verdict ${answer}` }, verdicts[answer]);
  cell.replaceChildren(verdict, ...(answer === "bound" ? bounds : []));
}
