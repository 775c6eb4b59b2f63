import type { ServicePolicy } from "@connectum/auth/policy";
import type { PageMethodData, PageServiceData } from "../src/report/page-data.js";
import { type Answer, tableOf } from "./answer.js";

/** A service of the report, with its elements on the page. */
export interface PageService {
  readonly service: PageServiceData;
  readonly section: HTMLElement;
  readonly table: ServicePolicy;
  readonly methods: readonly PageMethod[];
}

/** A method of the report, with its elements on the page. */
export interface PageMethod {
  readonly method: PageMethodData;
  /** The row of the list and, once it is made, the row of the matrix. */
  readonly rows: HTMLElement[];
  /** The cells that show the answer about the caller. */
  readonly answers: HTMLElement[];
  /** The text of its row and its service, lower-cased. */
  readonly text: string;
  answer: Answer | undefined;
}

/** Finds the static row of each method: they are in the order of the report. */
export function readPage(): PageService[] {
  const services: PageServiceData[] = JSON.parse(document.getElementById("data")?.textContent ?? "[]");
  const sections = document.querySelectorAll<HTMLElement>("section.service");
  return services.map((service, index) => {
    const section = sections[index] as HTMLElement;
    const rows = section.querySelectorAll<HTMLElement>("tbody > tr");
    const heading = [...section.children].filter((child) => child.localName !== "table");
    const common = heading.map((child) => child.textContent).join("\n");
    const methods = service.methods.map((method, at) => {
      const row = rows[at] as HTMLElement;
      const text = `${common}\n${row.textContent}`.toLowerCase();
      return { method, rows: [row], answers: [], text, answer: undefined };
    });
    return { service, section, table: tableOf(service), methods };
  });
}
