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
  for (const { table, methods, section } of services) {
    if (caller !== undefined) addAnswerColumn(section, methods);
    for (const method of methods) {
      const answer = caller && answerOf(table, method.method, caller);
      if (answer === undefined || answer === method.answer) continue;
      method.answer = answer;
      for (const cell of method.answers) cell.replaceChildren(...describe(method, answer));
    }
  }
}

/** Adds the cells of the answers to the list, once. */
function addAnswerColumn(section: HTMLElement, methods: readonly PageMethod[]): void {
  const header = section.querySelector(".list thead th");
  if (header === null || (methods[0]?.answers.length ?? 0) > 0) return;
  header.after(element("th", { role: "columnheader", scope: "col", class: "answer" }, "This caller"));
  for (const { rows, answers } of methods) {
    const cell = element("td", { role: "cell", class: "answer" });
    rows[0]?.firstElementChild?.after(cell);
    answers.push(cell);
  }
}

function describe({ method }: PageMethod, answer: Answer): (Node | string)[] {
  const { resource, conditions } = method;
  const bounds: (Node | string)[] = [];
  if (resource !== null) bounds.push(" on the resource ", code(`request.${resource.text}`));
  conditions.forEach(({ text }, index) => {
    bounds.push(index === 0 ? " if " : " and ", code(text));
  });
  return [element("span", { class: `verdict ${answer}` }, verdicts[answer]), ...(answer === "bound" ? bounds : [])];
}
