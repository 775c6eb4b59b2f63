import { script, scriptHash, style, styleHash } from "../gen/access-page.js";
import { visible } from "../text/literal.js";
import type { AccessReport, ReportTotals } from "./access-report.js";
import { controls } from "./html-controls.js";
import { serviceSection } from "./html-service.js";
import { badge, plural } from "./html-text.js";
import { createPageData } from "./page-data.js";

/** Allows the script and the style of the page, and nothing else. */
const policy = [
  "default-src 'none'",
  `style-src '${styleHash}'`,
  `script-src '${scriptHash}'`,
  "base-uri 'none'",
  "form-action 'none'",
].join("; ");

/**
 * Prints the report as one HTML file without references to others. Its rows need no script; a script filters them and answers
 * what a caller may do.
 */
export function printHtml(report: AccessReport): string {
  const { totals, services } = report;
  const data = visible(JSON.stringify(createPageData(report))).replaceAll("<", "\\u003c");
  return [
    "<!doctype html>",
    '<html lang="en">',
    "<head>",
    '<meta charset="utf-8">',
    `<meta http-equiv="Content-Security-Policy" content="${policy}">`,
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    '<meta name="color-scheme" content="light dark">',
    "<title>Access report</title>",
    `<style>${style}</style>`,
    "</head>",
    "<body>",
    ...header(totals),
    ...controls,
    '<main id="methods">',
    '<div id="status" hidden><p id="count" role="status"></p><div id="answers" role="status"></div></div>',
    '<p class="legend"><span aria-hidden="true">●</span> needed, <span aria-hidden="true">○</span> one of these suffices</p>',
    ...services.map(serviceSection),
    "</main>",
    `<script type="application/json" id="data">${data}</script>`,
    `<script>${script}</script>`,
    "</body>",
    "</html>",
  ].join("\n");
}

function header(totals: ReportTotals): string[] {
  const accesses = ["public", "allow", "requires", "internal", "deny", "unspecified"] as const;
  const counts = [
    ...accesses.filter((access) => totals[access] > 0).map((access) => [totals[access], badge(access)]),
    [totals.withCondition, "with a condition"],
    [totals.withResource, "with a resource"],
    [totals.deprecated, "deprecated"],
  ];
  return [
    "<header>",
    "<h1>Access report</h1>",
    `<p>Who may call the ${plural(totals.methods, "method")} of ${plural(totals.services, "service")}.</p>`,
    '<ul class="totals">',
    ...counts.filter(([count]) => count !== 0).map(([count, what]) => `<li><b>${count}</b> ${what}</li>`),
    "</ul>",
    "</header>",
  ];
}
