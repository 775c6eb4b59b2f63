import type { DecisionRecord } from "../authorization/decision-record.js";
import type { RecordedDecision } from "../authorization/startable-trial.js";
import { isNameList } from "../policy/name-list.js";

/** Decision events with a record: as `onDecision` received them, or as lines of JSON. */
export type DecisionSource = Iterable<string | object> | AsyncIterable<string | object>;

/** A decision, and its position: 1 for the first event, or the number of the line. */
export interface NumberedDecision {
  readonly position: number;
  readonly decision: RecordedDecision;
}

/**
 * Reads decision events, one by one. Empty lines count, and are passed over.
 *
 * @throws TypeError naming the position of an event that is malformed or has no record.
 */
export async function* readDecisions(source: DecisionSource): AsyncGenerator<NumberedDecision> {
  let position = 0;
  for await (const event of source) {
    position++;
    if (typeof event === "string" && event.trim() === "") continue;
    yield { position, decision: readDecision(event, `events, number ${position}`) };
  }
}

function readDecision(event: string | object, where: string): RecordedDecision {
  const value = typeof event === "string" ? parse(event, where) : event;
  const decision = Object(value) as RecordedDecision;
  const { service, method, subject, effect, decidedBy, record } = decision;
  const fail = (text: string) => new TypeError(`${where}: ${text}`);
  if (!isNameList([service, method, decidedBy]) || (effect !== "allow" && effect !== "deny")) {
    throw fail("not an event of onDecision. Write JSON.stringify(event) for each, without other lines");
  }
  if (!isOptionalText(subject)) throw fail("subject: expected a string");
  if (Object(record) !== record) throw fail("has no record. Set decisionRecords: true on the server");
  checkRecord(record, subject, fail);
  return decision;
}

function parse(line: string, where: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    throw new TypeError(`${where}: not JSON. Write one event on each line, as JSON.stringify(event)`);
  }
}

/** The accesses of a table. */
const accesses: readonly unknown[] = ["public", "internal", "requires", "allow", "deny", "unspecified", undefined];

function checkRecord(record: DecisionRecord, subject: string | undefined, fail: (text: string) => TypeError): void {
  const { access, condition, resourcePath, permissions = [], anyPermissions = [], caller } = record;
  const { credentials = [], time = 0 } = record;
  const isRight =
    accesses.includes(access) &&
    [condition, resourcePath].every(isOptionalText) &&
    Number.isFinite(time) &&
    [permissions, anyPermissions, credentials].every(isNameList);
  if (!isRight) throw fail("record: expected the record of an event, unchanged");
  if (caller === undefined) return;
  const {
    roles,
    scopes,
    permissions: own,
    held = [],
    internal,
    ...more
  } = Object(caller) as NonNullable<typeof caller>;
  const { scheme = "", acr, authTime = 0 } = more;
  const isRightIdentity = typeof scheme === "string" && isOptionalText(acr) && Number.isFinite(authTime);
  // A lost list would be a caller without roles.
  if (
    ![roles, scopes, own, held].every(isNameList) ||
    typeof internal !== "boolean" ||
    subject === undefined ||
    !isRightIdentity
  ) {
    throw fail("record.caller: expected subject, roles, scopes, permissions and internal, unchanged");
  }
}

function isOptionalText(value: unknown): boolean {
  return value === undefined || (typeof value === "string" && value !== "");
}
