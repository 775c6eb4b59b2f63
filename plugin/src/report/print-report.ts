import type { Data } from "../text/data.js";
import { printJson } from "../text/print-json.js";
import type { AccessReport } from "./access-report.js";
import { printCsv } from "./print-csv.js";
import { printHtml } from "./print-html.js";
import { printMarkdown } from "./print-markdown.js";

/** Returns an access report as text, in the format of a file extension. */
export function printReport(report: AccessReport, extension: string | undefined): string {
  if (extension === ".json") return printJson(report as unknown as Data);
  if (extension === ".csv") return printCsv(report);
  return extension === ".md" ? printMarkdown(report) : printHtml(report);
}
