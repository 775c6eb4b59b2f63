import { script, scriptHash, style, styleHash } from "../gen/access-page.js";
import type { AccessReport } from "./access-report.js";
import { htmlService } from "./html-service.js";
import { htmlJson } from "./html-text.js";
import { htmlTools } from "./html-tools.js";

/**
 * Prints the report as one HTML file, which loads nothing.
 *
 * The methods are in the HTML. The script, from `plugin/page`, adds filters and the question about a caller.
 */
export function printHtml(report: AccessReport): string {
  const { totals, services } = report;
  const policy = `default-src 'none'; script-src '${scriptHash}'; style-src '${styleHash}'; base-uri 'none'; form-action 'none'`;
  const counts = (
    [
      ["services", totals.services],
      ["methods", totals.methods],
      ...(["public", "internal", "requires", "allow", "deny", "unspecified"] as const).map(
        (access) => [access, totals[access]] as const,
      ),
      ["with a condition", totals.withCondition],
      ["with a resource", totals.withResource],
      ["deprecated", totals.deprecated],
    ] as const
  ).filter(([name, count]) => count > 0 || name === "methods" || name === "public");
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>Access report</title>
<style>${style}</style>
</head>
<body>
<header>
<h1>Access report</h1>
<ul class="totals">${counts.map(([name, count]) => `<li><b>${count}</b> ${name}</li>`).join("")}</ul>
</header>
${htmlTools(report)}
<main>
${services.map(htmlService).join("\n")}
</main>
<footer>Generated from the proto files by protoc-gen-connectum-auth. A method that is not listed is denied.</footer>
<script type="application/json" id="data">${htmlJson(report)}</script>
<script>${script}</script>
</body>
</html>`;
}
