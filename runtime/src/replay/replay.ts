import type { AuthzOptions } from "../authorization/authz-options.js";
import { authzOptions } from "../authorization/authz-options.js";
import { createCallerLookup } from "../authorization/caller.js";
import { compileRoleGrants } from "../authorization/grants.js";
import type { RecordedDecision } from "../authorization/startable-trial.js";
import { type AuthContext, createAuthContext } from "../context/auth-context.js";
import { markInternal } from "../context/internal-identity.js";
import { list, withDefault } from "../options/check.js";
import { type OptionTable, readOptions } from "../options/read-options.js";
import { createPolicyIndex } from "../policy/policy-index.js";
import type { ServicePolicy } from "../policy/service-policy.js";
import { type DecisionSource, readDecisions } from "./read-decisions.js";
import { recordedFacts } from "./recorded-facts.js";
import { createRedecide } from "./redecide.js";
import type { ReplayDifference } from "./replay-difference.js";
import { replayText } from "./replay-text.js";

/**
 * The server's code beside its tables. Options that are left out count as unchanged: `rules`, `authorize` and `defaultPolicy`
 * together, and `grants`. A function in `grants`, `authorize` and `checks` do not run: the records have their answers.
 */
export interface ReplayOptions
  extends Pick<AuthzOptions, "rules" | "authorize" | "defaultPolicy" | "checks" | "grants" | "roles" | "matchScope"> {
  /** The option of `createAuth`. By default, none. */
  readonly optionalMethods?: readonly string[] | undefined;
}

/** The result of {@link replay}. */
export interface Replay {
  /** Number of the replayed calls. */
  readonly calls: number;
  /** Calls that are decided otherwise, by method and caller. */
  readonly differences: readonly ReplayDifference[];
  /** Calls that cannot be decided, by method and caller. */
  readonly undecided: readonly ReplayDifference[];
  /** The result as a table for people. */
  readonly text: string;
}

type Defaulted = "rules" | "defaultPolicy" | "checks" | "roles" | "optionalMethods";

function replayOptions(): OptionTable<ReplayOptions, Defaulted> {
  const { rules, authorize, defaultPolicy, checks, grants, roles, matchScope } = authzOptions();
  const more = { optionalMethods: withDefault(list, []) };
  return { rules, authorize, defaultPolicy, checks, grants, roles, matchScope, ...more };
}

/**
 * Decides recorded calls by other tables, and returns the calls that they decide otherwise. The records are events of
 * `onDecision` on a server with `decisionRecords: true`.
 *
 * @param events - the events, or lines of JSON: a list, or an async source such as `readline.createInterface`.
 * @throws TypeError for malformed tables, options and events. The message has the position of the event.
 *
 * @example
 * const events = readFileSync("decisions.jsonl", "utf8").split("\n");
 * const { differences, text } = await replay(policies, events, { rules, grants, checks });
 * console.log(text);
 */
export async function replay(
  policies: Iterable<ServicePolicy>,
  events: DecisionSource,
  options: ReplayOptions = {},
): Promise<Replay> {
  const tables = [...policies];
  const own = readOptions("replay", options, replayOptions);
  const { grants, roles } = own;
  const isKnown = ["rules", "authorize", "defaultPolicy"].some((name) => Object.hasOwn(options, name));
  const redecide = createRedecide(tables, { ...own, isKnown });
  const ofRoles =
    typeof grants === "object" ? compileRoleGrants(grants, createPolicyIndex(tables).services) : undefined;
  const callerOf = createCallerLookup(roles, ofRoles);
  const groups = new Map<string, ReplayDifference & { readonly calls: number[] }>();
  let calls = 0;
  for await (const { position, decision } of readDecisions(events)) {
    calls++;
    const { service, method: name, subject, effect: before } = decision;
    const context = contextOf(decision);
    const facts = recordedFacts(decision, context && callerOf(context), ofRoles !== undefined);
    const { effect: after, reason } = await redecide(decision, facts);
    if (after === before) continue;
    const method = `${service}/${name}`;
    const key = JSON.stringify([method, subject, before, after, reason]);
    const group = groups.get(key) ?? { method, subject, before, after, reason, calls: [] };
    group.calls.push(position);
    groups.set(key, group);
  }
  const all = [...groups.values()];
  const differences = all.filter(({ after }) => after !== "undecided");
  const undecided = all.filter(({ after }) => after === "undecided");
  return { calls, differences, undecided, text: replayText(calls, all) };
}

/** Returns the identity in a record. */
function contextOf({ subject = "", record: { caller } }: RecordedDecision): AuthContext | undefined {
  if (caller === undefined) return undefined;
  const { roles, scopes, permissions, internal } = caller;
  const context = createAuthContext({ subject, roles, scopes, permissions }, "replay");
  return internal ? markInternal(context) : context;
}
