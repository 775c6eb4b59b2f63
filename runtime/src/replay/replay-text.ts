import type { ReplayDifference } from "./replay-difference.js";

/** Most callers that a line names. */
const namedCallers = 5;

const titles: readonly (readonly [ReplayDifference["after"], string])[] = [
  ["allow", "Now allowed"],
  ["deny", "Now denied"],
  ["undecided", "Undecided: the records do not have the part of the call that decides now"],
];

/** Returns the result of a replay as a table: a line for each method and reason, with its callers. */
export function replayText(calls: number, groups: readonly ReplayDifference[]): string {
  const count = (after: ReplayDifference["after"]) =>
    groups.filter((group) => group.after === after).reduce((sum, group) => sum + group.calls.length, 0);
  const [allowed, denied, open] = [count("allow"), count("deny"), count("undecided")];
  const same = calls - allowed - denied - open;
  const head = `${calls} calls: ${same} decided as before, ${allowed} now allowed, ${denied} now denied, ${open} undecided.`;
  const sections = titles.flatMap(([after, title]) => {
    const lines = linesOf(groups.filter((group) => group.after === after));
    return lines.length === 0 ? [] : [`${title}\n${lines.map((line) => `  ${line}\n`).join("")}`];
  });
  return [`${head}\n`, ...sections].join("\n");
}

function linesOf(groups: readonly ReplayDifference[]): string[] {
  const rows = new Map<string, ReplayDifference[]>();
  for (const group of groups) {
    const key = `${group.method} ${group.reason ?? ""}`;
    rows.set(key, [...(rows.get(key) ?? []), group]);
  }
  const cells = [...rows.values()].map((row) => {
    const byCalls = [...row].sort((a, b) => b.calls.length - a.calls.length);
    const names = byCalls.slice(0, namedCallers).map(({ subject, calls }) => `${nameOf(subject)} (${calls.length})`);
    const rest = byCalls.length - names.length;
    const callers = [...names, ...(rest > 0 ? [`${rest} more`] : [])].join(", ");
    const total = row.reduce((sum, { calls }) => sum + calls.length, 0);
    const { method = "", reason = "" } = row[0] ?? {};
    return { total, method, reason, callers };
  });
  cells.sort((a, b) => b.total - a.total || (a.method < b.method ? -1 : 1));
  const width = (texts: readonly string[]) => Math.max(...texts.map(({ length }) => length));
  const totals = width(cells.map(({ total }) => String(total)));
  const methods = width(cells.map(({ method }) => method));
  const reasons = width(cells.map(({ reason }) => reason));
  return cells.map(({ total, method, reason, callers }) =>
    [String(total).padStart(totals), method.padEnd(methods), ...(reasons ? [reason.padEnd(reasons)] : []), callers]
      .join("  ")
      .trimEnd(),
  );
}

/** A subject may have any characters. Quotes one that would break the table. */
function nameOf(subject: string | undefined): string {
  if (subject === undefined) return "anonymous";
  return /^[\p{L}\p{N}\p{P}\p{S}]+$/u.test(subject) ? subject : JSON.stringify(subject);
}
