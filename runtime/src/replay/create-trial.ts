import { checkResources } from "../authorization/permissions.js";
import type { StartableTrial } from "../authorization/startable-trial.js";
import type { Trial } from "../authorization/trial.js";
import { func, required } from "../options/check.js";
import { type OptionTable, readOptions } from "../options/read-options.js";
import { createWarning } from "../platform/warn.js";
import { readTables } from "../policy/read-tables.js";
import type { ServicePolicy } from "../policy/service-policy.js";
import { liveFacts } from "./live-facts.js";
import { createRedecide } from "./redecide.js";
import type { Redecision } from "./redecision.js";

/** A call that the tables on trial decide otherwise. Never send it to a client. */
export interface TrialDifference {
  /** Fully qualified name of the service. */
  readonly service: string;
  /** Name of the method in the schema. */
  readonly method: string;
  /** Undefined for an anonymous caller, and for one whose credential was not read. */
  readonly subject: string | undefined;
  /** The decision that took effect. */
  readonly effect: "allow" | "deny";
  /** The decision of the tables on trial. `undecided`: it depends on parts of the call that are not known at this point. */
  readonly trial: Redecision["effect"];
  /** The reason of a denial by the tables on trial, or the part of the call that is not known. */
  readonly reason: Redecision["reason"];
}

export interface TrialOptions {
  /** The tables to try out. */
  readonly policies: readonly ServicePolicy[];
  /** Receives every call that these tables decide otherwise. No call waits for it. Its errors are ignored after one warning. */
  readonly onDifference: (difference: TrialDifference) => void | PromiseLike<void>;
}

const trialOptions = (): OptionTable<TrialOptions> => ({
  policies: required({ accepts: Array.isArray, expected: "generated tables" }),
  onDifference: required(func),
});

/**
 * Tries out tables on a running server, for its option `trial`: they decide every call too, and nothing follows from it.
 *
 * They use the server's `roles`, `matchScope`, `rules` and `grants`. `authorize` and `checks` do not run again: what they
 * answered counts. Conditions are evaluated where the message has been read. It has not for streams of requests, and for calls
 * that are refused by their headers.
 *
 * @throws TypeError for malformed tables or options.
 *
 * @example
 * const trial = createTrial({
 *   policies: tomorrow,
 *   onDifference: ({ service, method, subject, effect, trial }) => log.info({ service, method, subject, effect, trial }),
 * });
 * const auth = createAuth({ policies, authenticate, trial });
 */
export function createTrial(options: TrialOptions): Trial {
  const { policies, onDifference } = readOptions("createTrial", options, trialOptions);
  const tables = readTables(policies);
  const warnOfFailure = createWarning("onDifference failed");
  const trial: StartableTrial = {
    policies: tables,
    start({ rules, authorize, defaultPolicy, checks, matchScope, optionalMethods }, permissions) {
      if (permissions.isStatic) checkResources(tables.map(({ typeName, methods }) => [typeName, methods]));
      const redecide = createRedecide(tables, {
        ...{ rules, authorize, defaultPolicy, checks, matchScope, optionalMethods },
        isKnown: true,
      });
      return async (past, call) => {
        const { service, method, subject, effect } = past;
        try {
          const { effect: other, reason } = await redecide(past, liveFacts(call, permissions));
          if (other !== effect) await onDifference({ service, method, subject, effect, trial: other, reason });
        } catch {
          warnOfFailure();
        }
      };
    },
  };
  return trial;
}
