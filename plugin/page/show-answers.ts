import { visible } from "../src/text/literal.js";
import { type Answer, type AskedCaller, answerOf } from "./answer.js";
import { element } from "./element.js";
import type { PageMethod, PageService } from "./method.js";

const words: Readonly<Record<Answer, string>> = {
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
  const word = element("span", { class: `verdict ${answer}` }, words[answer]);
  if (answer !== "bound") return [word];
  const { resource, conditions } = method;
  const bounds = conditions.flatMap(({ text }, index) => [
    index === 0 ? " if " : " and ",
    element("code", {}, visible(text)),
  ]);
  return [
    word,
    ...(resource === null ? [] : [" on the resource ", element("code", {}, visible(resource.text))]),
    ...bounds,
  ];
}

/** Says how many methods a caller may call. */
export function summarize(services: readonly PageService[]): string {
  const counts = { yes: 0, bound: 0, no: 0, code: 0 };
  for (const { methods } of services) for (const { answer } of methods) if (answer) counts[answer]++;
  return `This caller may call ${counts.yes} methods, ${counts.bound} more under a condition or on a resource, and may not call ${counts.no}. The server’s code decides ${counts.code}.`;
}
