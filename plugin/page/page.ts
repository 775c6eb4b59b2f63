// Adds filters, the matrix and the question about a caller to the printed report.
import type { AccessReport } from "../src/report/access-report.js";
import type { Caller } from "./answer.js";
import { type Counts, findServices, showMethods } from "./methods.js";
import { fragmentOf, readView, type View } from "./view.js";

const report: AccessReport = JSON.parse(find("#data").textContent ?? "");
const services = findServices(report);
const form = find<HTMLFormElement>("#tools");
const status = find("#status");
const summary = find("#summary");

form.hidden = false;
form.addEventListener("submit", (event) => event.preventDefault());
form.addEventListener("input", schedule);
form.addEventListener("reset", () => setTimeout(schedule));
for (const box of document.querySelectorAll<HTMLInputElement>(".narrow")) {
  box.addEventListener("input", () => narrow(box));
}
addEventListener("hashchange", restore);
restore();

let frame = 0;

/** Shows the state of the controls with the next frame, once for several changes. */
function schedule(): void {
  cancelAnimationFrame(frame);
  frame = requestAnimationFrame(() => {
    const view = readControls();
    show(view);
    const fragment = fragmentOf(view);
    history.replaceState(null, "", fragment === "" ? location.pathname + location.search : `#${fragment}`);
  });
}

/** Shows the state of the address. */
function restore(): void {
  const view = readView(location.hash);
  writeControls(view);
  show(view);
}

function show(view: View): void {
  const counts = showMethods(services, view);
  const { classList } = document.documentElement;
  classList.toggle("matrix-layout", view.layout === "matrix");
  classList.toggle("asking", view.caller !== undefined);
  status.textContent = `${counts.shown} of ${counts.all} methods`;
  summary.textContent = view.caller === undefined ? "" : summaryOf(view.caller, counts);
}

function summaryOf({ kind }: Caller, { all, answers }: Counts): string {
  const who = { anonymous: "An anonymous caller", user: "This caller", service: "This service" }[kind];
  const parts = [`${who} may call ${answers.yes} of ${all} methods`];
  if (answers.if > 0) parts.push(`${answers.if} more under a condition or on some resources`);
  if (answers.code > 0) parts.push(`the server’s code decides ${answers.code}`);
  return `${parts.join("; ")}.`;
}

function readControls(): View {
  const data = new FormData(form);
  const text = (name: string) => String(data.get(name) ?? "");
  const names = (name: string) => data.getAll(name).map(String);
  const kind = text("caller");
  const isAsked = kind !== "";
  return {
    ...{ text: text("text"), service: text("service"), access: text("access"), name: text("name") },
    layout: text("layout") === "matrix" ? "matrix" : "list",
    caller: isAsked
      ? {
          kind: kind as Caller["kind"],
          ...{ roles: names("role"), scopes: names("scope"), permissions: names("permission") },
        }
      : undefined,
    onlyCallable: isAsked && data.has("only"),
  };
}

function writeControls({ caller, layout, onlyCallable, ...texts }: View): void {
  for (const [name, value] of Object.entries(texts)) {
    const control = form.elements.namedItem(name);
    if (control instanceof HTMLInputElement || control instanceof HTMLSelectElement) control.value = value;
  }
  const held = new Map<string, readonly string[]>([
    ["layout", [layout]],
    ["caller", [caller?.kind ?? ""]],
    ["only", onlyCallable ? ["1"] : []],
    ["role", caller?.roles ?? []],
    ["scope", caller?.scopes ?? []],
    ["permission", caller?.permissions ?? []],
  ]);
  for (const box of form.querySelectorAll<HTMLInputElement>("input[type=checkbox], input[type=radio]")) {
    box.checked = held.get(box.name)?.includes(box.value) === true;
  }
  if (caller) find<HTMLDetailsElement>("#question").open = true;
}

/** Filters a long list of checkboxes. A checked one stays. */
function narrow(box: HTMLInputElement): void {
  const text = box.value.toLowerCase();
  for (const label of box.closest("fieldset")?.querySelectorAll<HTMLElement>(".names label") ?? []) {
    const isChecked = label.querySelector("input")?.checked === true;
    label.hidden = !isChecked && !label.textContent?.toLowerCase().includes(text);
  }
}

function find<T extends HTMLElement>(selector: string): T {
  const found = document.querySelector<T>(selector);
  if (found === null) throw new Error(`the report has no ${selector}`);
  return found;
}
