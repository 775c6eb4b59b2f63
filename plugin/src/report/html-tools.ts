import type { AccessReport, ReportName } from "./access-report.js";
import { htmlText } from "./html-text.js";

/** Lists of more names than this have a filter of their own. */
const longList = 12;

const accesses = ["public", "internal", "requires", "allow", "deny", "unspecified"] as const;

/** Returns the form with the filters and the question about a caller. The script shows it. */
export function htmlTools({ services, roles, scopes, permissions }: AccessReport): string {
  const kinds = [
    { kind: "role", title: "Roles", names: roles },
    { kind: "scope", title: "Scopes", names: scopes },
    { kind: "permission", title: "Permissions", names: permissions },
  ].filter(({ names }) => names.length > 0);
  const names = kinds.map(({ kind, title, names }) => {
    const options = names.map(({ name }) => option(`${kind} ${name}`, name));
    return `<optgroup label="${title}">${options.join("")}</optgroup>`;
  });
  return `<form id="tools" hidden aria-label="Filters">
<div class="filters">
<label>Search<input type="search" name="text" placeholder="Method, comment, role, condition …"></label>
${select("service", "Service", services.map(({ name }) => option(name, name)).join(""))}
${select("access", "Access", accesses.map((access) => option(access, access)).join(""))}
${select("name", "Requires", names.join(""))}
<button type="reset">Reset</button>
</div>
<details id="question"><summary>What may a caller do?</summary>
<div class="question">
<fieldset><legend>Caller</legend><div class="choices">
${radio("caller", "", "not asked", true)}
${radio("caller", "anonymous", "anonymous")}
${radio("caller", "user", "signed in")}
${radio("caller", "service", "an internal service")}
</div></fieldset>
${kinds.length === 0 ? "" : `<div class="held">${kinds.map(checkboxes).join("\n")}</div>`}
<div class="choices"><label><input type="checkbox" name="only" value="1">Only methods that this caller may call</label></div>
<p class="hint">Decided by the tables, as on the server. An internal service reaches internal and public methods only, and a signed-in caller
no internal ones. For a method with a resource, the permissions are those on the resource.</p>
</div></details>
<p id="summary" role="status"></p>
<div class="bar"><p id="status" role="status"></p>
<fieldset><legend class="unseen">Layout</legend><div class="choices">
${radio("layout", "list", "List", true)}
${radio("layout", "matrix", "Matrix: ● needed, ○ one of these suffices")}
</div></fieldset></div>
</form>`;
}

function checkboxes({ kind, title, names }: { kind: string; title: string; names: readonly ReportName[] }): string {
  const boxes = names.map(({ name }) => {
    return `<label><input type="checkbox" name="${kind}" value="${htmlText(name)}"><span class="name">${htmlText(name)}</span></label>`;
  });
  const filter = `<input type="search" class="narrow" aria-label="Search ${title.toLowerCase()}" placeholder="Search">`;
  const isLong = names.length > longList;
  return `<fieldset><legend>${title}</legend>${isLong ? filter : ""}<div class="names">${boxes.join("")}</div></fieldset>`;
}

function select(name: string, label: string, options: string): string {
  return `<label>${label}<select name="${name}"><option value="">any</option>${options}</select></label>`;
}

function option(value: string, text: string): string {
  return `<option value="${htmlText(value)}">${htmlText(text)}</option>`;
}

function radio(name: string, value: string, text: string, isChecked = false): string {
  return `<label><input type="radio" name="${name}" value="${value}"${isChecked ? " checked" : ""}>${text}</label>`;
}
