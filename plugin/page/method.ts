import type { ServicePolicy } from "@connectum/auth/policy";
import type { ReportMethod, ReportService } from "../src/report/access-report.js";
import { type Answer, tableOf } from "./answer.js";

/** A service of the report, with its elements on the page. */
export interface PageService {
  readonly service: ReportService;
  readonly section: HTMLElement;
  readonly table: ServicePolicy;
  readonly methods: readonly PageMethod[];
}

/** A method of the report, with its elements on the page. */
export interface PageMethod {
  readonly method: ReportMethod;
  /** The row of the list and, once it is made, the row of the matrix. */
  readonly rows: HTMLElement[];
  /** The cells that show the answer about the caller. */
  readonly answers: HTMLElement[];
  /** Lower-cased, for the text filter. */
  readonly text: string;
  answer: Answer | undefined;
}

/** Finds the static row of each method: they are in the order of the report. */
export function readPage(): PageService[] {
  const services: ReportService[] = JSON.parse(document.getElementById("data")?.textContent ?? "[]");
  const sections = document.querySelectorAll<HTMLElement>("section.service");
  return services.map((service, index) => {
    const section = sections[index] as HTMLElement;
    const rows = section.querySelectorAll<HTMLElement>("tbody > tr");
    const methods = service.methods.map((method, at) => ({
      method,
      rows: [rows[at] as HTMLElement],
      answers: [],
      text: textOf(service, method),
      answer: undefined,
    }));
    return { service, section, table: tableOf(service), methods };
  });
}

function textOf(service: ReportService, method: ReportMethod): string {
  const { name, kind, description, callers, access, conditions, resource, decidedBy } = method;
  const bounds = [...conditions, ...(resource === null ? [] : [resource])].map(({ text }) => text);
  const texts = [service.name, service.file, service.description, name, kind.replaceAll("_", " "), description, access];
  return [...texts, callers, ...bounds, ...decidedBy, ...names(method)].join("\n").toLowerCase();
}

function names({ roles, scopes, permissions, anyPermissions }: ReportMethod): string[] {
  return [...roles, ...scopes, ...permissions, ...anyPermissions];
}
