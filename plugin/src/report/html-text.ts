import { visibleLines } from "../text/literal.js";
import type { ReportMethod } from "./access-report.js";

/** Escapes a text for HTML, as content and in quoted attributes. Control and hidden characters become visible. */
export function escapeHtml(text: string): string {
  const shown = visibleLines(text);
  return shown.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}

/** Returns a text as code. A long one may break after a dot or slash. */
export function code(text: string): string {
  return `<code>${escapeHtml(text).replace(/[./](?=[^./])/g, "$&<wbr>")}</code>`;
}

/** Returns the word of an access as a label with its own shape. */
export function badge(access: ReportMethod["access"]): string {
  return `<span class="badge ${access}">${access}</span>`;
}

export function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
