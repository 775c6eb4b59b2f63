import type { Tables } from "../merge/merge.js";
import type { Data } from "../text/data.js";
import { printJson } from "../text/print-json.js";
import { createReport } from "./access-report.js";
import { printCsv } from "./print-csv.js";
import { printHtml } from "./print-html.js";
import { printMarkdown } from "./print-markdown.js";

/** Returns the access report of a run as text, in the format of a file extension. */
export function printReport(tables: Tables, extension: string | undefined): string {
  const report = createReport(tables);
  if (extension === ".json") return printJson(report as unknown as Data);
  if (extension === ".csv") return printCsv(report);
  return extension === ".md" ? printMarkdown(report) : printHtml(report);
}
