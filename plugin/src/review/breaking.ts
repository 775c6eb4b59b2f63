import type { DescFile } from "@bufbuild/protobuf";
import { ownerName, Problems, placeOf } from "../check/problems.js";
import { resolve } from "../check/resolve.js";
import { describeAccess } from "../merge/describe-access.js";
import type { Row, ServiceTable } from "../merge/merge.js";
import { accessOf, isWithin } from "./compare-access.js";
import type { Finding } from "./rules.js";

interface Side {
  readonly files: readonly DescFile[];
  readonly allFiles: readonly DescFile[];
}

/** Compares the access to each method with that in an older schema. */
export function compare(current: Side, against: Side): Finding[] {
  const before = servicesOf(against);
  return [...servicesOf(current)].flatMap(([typeName, table]) => {
    const old = before.get(typeName);
    if (old === undefined) return [];
    const oldRows = new Map(old.rows.map((row) => [row.method.name, row]));
    return table.rows.flatMap((row): Finding[] => {
      const oldRow = oldRows.get(row.method.name);
      return oldRow === undefined ? checkNew(row, old) : compareRows(row, oldRow);
    });
  });
}

function compareRows(row: Row, oldRow: Row): Finding[] {
  const [now, before] = [accessOf(row), accessOf(oldRow)];
  const place = placeOf(row.declaration);
  const against = placeOf(oldRow.declaration);
  const change = `from "${textOf(oldRow)}" to "${textOf(row)}"`;
  const name = ownerName(row.declaration);
  const findings: Finding[] = [];
  if (!isWithin(now, before)) {
    findings.push({ rule: "widened", place, against, message: `${name}: access may widen ${change}.` });
  }
  if (!isWithin(before, now)) {
    findings.push({ rule: "narrowed", place, against, message: `${name}: access may narrow ${change}.` });
  }
  return findings;
}

/** Reports a new public method in a service without public methods. */
function checkNew(row: Row, old: ServiceTable): Finding[] {
  if (row.access !== "public" || old.rows.some(({ access }) => access === "public")) return [];
  const text = "is new and public, in a service that had no public method";
  const [place, against] = [placeOf(row.declaration), placeOf(old.declaration)];
  return [{ rule: "widened", place, against, message: `${ownerName(row.declaration)}: ${text}.` }];
}

/** The access of a row in words, with its conditions and its resource. */
function textOf(row: Row): string {
  const { conditions, resource } = accessOf(row);
  const parts = [
    describeAccess(row),
    ...(resource === undefined ? [] : [`on the resource ${resource}`]),
    ...conditions.map((condition) => `only if ${condition}`),
  ];
  return parts.join(", ");
}

function servicesOf({ files, allFiles }: Side): Map<string, ServiceTable> {
  const { tables } = resolve(files, allFiles, new Problems());
  return new Map([...tables.values()].flat().map((table) => [table.service.typeName, table]));
}
