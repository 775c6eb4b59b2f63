import { type Caller, can, type ServicePolicy } from "@connectum/auth/policy";
import type { Page } from "playwright-core";

/** The caller of the question on the page. */
export interface AskedCaller {
  readonly kind: "anonymous" | "signed-in" | "internal";
  readonly roles: readonly string[];
  readonly scopes: readonly string[];
  readonly permissions: readonly string[];
  /** How the caller authenticated, how many seconds ago, and by which kind of credential. Empty: unknown. */
  readonly acr: string;
  readonly age: string;
  readonly credential: string;
}

/** Chooses a caller by its radio button and checkboxes, and returns the answer for each method when they are shown. */
export function ask(page: Page, caller: AskedCaller): Promise<string[]> {
  return page.evaluate(async (caller) => {
    const radio = document.querySelector<HTMLInputElement>(`[name="caller"][value="${caller.kind}"]`);
    if (radio === null) throw new Error(`no kind of caller ${caller.kind}`);
    radio.checked = true;
    for (const list of ["roles", "scopes", "permissions"] as const) {
      for (const label of document.querySelectorAll(`#held-${list} .scroll label`)) {
        const input = label.querySelector("input") as HTMLInputElement;
        input.checked = caller[list].includes(label.textContent ?? "");
      }
    }
    for (const name of ["acr", "credential"] as const) {
      const select = document.querySelector<HTMLSelectElement>(`#held-${name}`);
      const chosen = [...(select?.options ?? [])].find((one) => one.text === caller[name]);
      if (select) select.value = caller[name] === "" ? "" : (chosen as HTMLOptionElement).value;
    }
    const age = document.querySelector<HTMLInputElement>("#held-age");
    if (age) age.value = caller.age;
    radio.dispatchEvent(new Event("input", { bubbles: true }));
    await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
    return [...document.querySelectorAll("section.service")].flatMap((section) => {
      const service = section.querySelector("h2")?.textContent;
      return [...section.querySelectorAll(".list tbody tr")].map((row) => {
        const name = row.querySelector(".name")?.textContent;
        return `${service}/${name}: ${row.querySelector(".verdict")?.className.replace("verdict ", "")}`;
      });
    });
  }, caller);
}

/** The answers by the generated tables, in the order of the report: services by name. */
export function expectedAnswers(tables: readonly ServicePolicy[], asked: AskedCaller): string[] {
  const { kind, age, credential, ...held } = asked;
  const authTime = age === "" ? undefined : new Date(Date.now() - Number(age) * 1_000);
  const caller: Partial<Caller> | undefined =
    kind === "anonymous" ? undefined : { ...held, authTime, scheme: credential, internal: kind === "internal" };
  const sorted = [...tables].sort((a, b) => (a.typeName < b.typeName ? -1 : 1));
  return sorted.flatMap((table) =>
    Object.entries(table.methods).map(([name, row]) => {
      // Without the request, a condition and a resource are open questions.
      const { condition, resource, ...rest } = { condition: undefined, resource: undefined, ...row };
      const isBound = condition !== undefined || resource !== undefined;
      const bare = { typeName: table.typeName, methods: Object.fromEntries([[name, rest]]) } as ServicePolicy;
      const isReached = kind !== "internal" || row.access === "internal" || row.access === "public";
      const isAllowed = isReached && can<ServicePolicy>(bare, name, caller);
      const answer = row.access === "unspecified" ? "code" : !isAllowed ? "no" : isBound ? "bound" : "yes";
      return `${table.typeName}/${name}: ${answer}`;
    }),
  );
}
