import { visible } from "../src/text/literal.js";
import type { Answer, AskedCaller } from "./answer.js";
import { byId, element } from "./element.js";
import type { PageService } from "./method.js";
import { verdicts } from "./show-answers.js";

const kinds: Readonly<Record<AskedCaller["kind"], string>> = {
  anonymous: "An anonymous caller",
  "signed-in": "A signed-in caller",
  internal: "An internal service",
};

/** Says how many methods are shown, who the caller is, and how many methods the caller may call. */
export function showStatus(services: readonly PageService[], shown: number, caller: AskedCaller | undefined): void {
  const total = services.reduce((sum, { methods }) => sum + methods.length, 0);
  const count = shown === 0 && total > 0 ? "No method matches the filters." : `${shown} of ${total} methods shown.`;
  byId("count").textContent = count;
  const answers = caller === undefined ? [] : [element("p", {}, `${describeCaller(caller)}:`), tally(services)];
  const region = byId("answers");
  // A screen reader reads a region again when it changes.
  if (answers.map(({ textContent }) => textContent).join("") !== region.textContent) region.replaceChildren(...answers);
}

function describeCaller({ kind, roles, scopes, permissions, acr, age, credential }: AskedCaller): string {
  if (kind === "anonymous") return kinds[kind];
  const held = [...list("role", roles), ...list("scope", scopes), ...list("permission", permissions)];
  const names = held.join(" and ") || "no roles, scopes and permissions";
  const authentication = [
    ...(acr === "" ? [] : [`acr ${visible(acr)}`]),
    ...(age === "" ? [] : [`authenticated ${age} s ago`]),
    ...(credential === "" ? [] : [`by the credential ${visible(credential)}`]),
  ];
  return [`${kinds[kind]} with ${names}`, ...authentication].join(", ");
}

function list(noun: string, names: readonly string[]): string[] {
  return names.length === 0 ? [] : [`${noun}${names.length === 1 ? "" : "s"} ${names.map(visible).join(", ")}`];
}

/** Counts the answers for all methods, also for those that the filters hide. */
function tally(services: readonly PageService[]): HTMLElement {
  const counts: Record<Answer, number> = { yes: 0, bound: 0, no: 0, code: 0 };
  for (const { methods } of services) for (const { answer } of methods) if (answer) counts[answer]++;
  const items = (Object.keys(counts) as Answer[])
    .filter((answer) => counts[answer] > 0)
    .map((answer) => {
      const verdict = element("span", { class: `verdict ${answer}` }, verdicts[answer]);
      const bound = answer === "bound" ? " under a condition or on a resource" : "";
      return element("li", {}, verdict, " ", element("b", {}, `${counts[answer]}`), bound);
    });
  return element("ul", { class: "totals" }, ...items);
}
