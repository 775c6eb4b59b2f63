import type { AccessReport, ReportMethod, ReportService } from "../src/report/access-report.js";
import { type Answer, answersOf } from "./answer.js";
import type { View } from "./view.js";

/** A service of the page: its section, and its methods. */
interface ServicePart {
  readonly service: ReportService;
  readonly section: HTMLElement;
  readonly methods: readonly MethodPart[];
}

/** A method of the page: its rows in the list and in the matrix, and everything that a filter compares. */
interface MethodPart {
  readonly method: ReportMethod;
  readonly rows: readonly HTMLElement[];
  readonly answer: HTMLElement;
  readonly text: string;
  readonly names: ReadonlySet<string>;
}

/** Numbers of methods. */
export interface Counts {
  readonly all: number;
  readonly shown: number;
  readonly answers: { readonly [A in Answer]: number };
}

/** Returns an answer in words. The row has the condition and the resource. */
function answerText(answer: Answer, { conditions }: ReportMethod): string {
  if (answer === "if") return `◐ may call, ${conditions.length > 0 ? "if the condition is true" : "on the resource"}`;
  return { yes: "✓ may call", no: "✗ may not call", code: "? the server’s code decides" }[answer];
}

/** Finds the rows of a report in the document. The server side prints them in the order of the data. */
export function findServices({ services }: AccessReport): ServicePart[] {
  const sections = [...document.querySelectorAll<HTMLElement>("main > section")];
  return services.flatMap((service, i) => {
    const section = sections[i];
    if (section === undefined) return [];
    const list = [...section.querySelectorAll<HTMLElement>(".list tbody tr")];
    const matrix = [...section.querySelectorAll<HTMLElement>(".matrix tbody tr")];
    const methods = service.methods.flatMap((method, j): MethodPart[] => {
      const row = list[j];
      const answer = row?.querySelector<HTMLElement>(".answer");
      if (!row || !answer) return [];
      const rows = [row, ...matrix.slice(j, j + 1)];
      return [{ method, rows, answer, text: textOf(service, method), names: namesOf(method) }];
    });
    return [{ service, section, methods }];
  });
}

/** Shows the methods of a view and their answers. One pass, without reading the layout. */
export function showMethods(services: readonly ServicePart[], view: View): Counts {
  const words = view.text
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== "");
  const answers = { yes: 0, if: 0, no: 0, code: 0 };
  let [all, shown] = [0, 0];
  for (const { service, section, methods } of services) {
    const found = view.caller && answersOf(service, view.caller);
    const isService = view.service === "" || view.service === service.name;
    let count = 0;
    for (const [i, { method, rows, answer, text, names }] of methods.entries()) {
      const given = found?.[i];
      if (given !== undefined) {
        answers[given]++;
        if (answer.dataset["answer"] !== given) {
          answer.dataset["answer"] = given;
          answer.textContent = answerText(given, method);
        }
      }
      const isShown =
        isService &&
        (view.access === "" || view.access === method.access) &&
        (view.name === "" || names.has(view.name)) &&
        (!view.onlyCallable || given === "yes" || given === "if") &&
        words.every((word) => text.includes(word));
      for (const row of rows) row.hidden = !isShown;
      if (isShown) count++;
    }
    section.hidden = count === 0 && (methods.length > 0 || !isService);
    all += methods.length;
    shown += count;
  }
  return { all, shown, answers };
}

/** Returns a name as the filter and the address write it: `role admin`. */
export function keyOf(kind: string, name: string): string {
  return `${kind} ${name}`;
}

function namesOf({ roles, scopes, permissions, anyPermissions }: ReportMethod): ReadonlySet<string> {
  return new Set([
    ...roles.map((name) => keyOf("role", name)),
    ...scopes.map((name) => keyOf("scope", name)),
    ...[...permissions, ...anyPermissions].map((name) => keyOf("permission", name)),
  ]);
}

function textOf(service: ReportService, method: ReportMethod): string {
  const { name, description, callers, access, kind, conditions, resource, deprecated } = method;
  const more = [...conditions.map(({ text }) => text), resource?.text ?? "", deprecated ? "deprecated" : ""];
  return [service.name, name, description, callers, access, kind, ...more, ...namesOf(method)].join("\n").toLowerCase();
}
