import type { Message } from "@bufbuild/protobuf";
import { ConnectError } from "@connectrpc/connect";
import { stateOf } from "../call/call-state.js";
import { checkStanding } from "../call/standing.js";
import { endsWith } from "../call/stream-endings.js";
import type { AuthContext } from "../context/auth-context.js";
import type { AnyRequest } from "../platform/any-request.js";
import { monotonicTime } from "../platform/clock.js";
import { warn } from "../platform/warn.js";
import type { ServicePolicy } from "../policy/service-policy.js";
import type { ReadAuthzOptions } from "./authz-options.js";
import type { CompiledRule } from "./authz-rule.js";
import { createDecisionLog, type DecisionLog } from "./decision-log.js";
import { denialOf } from "./denial.js";
import { createEvaluator, type Evaluator } from "./evaluator.js";
import type { StartableTrial } from "./startable-trial.js";
import type { Verdict } from "./verdict.js";

/** The parts of a call that the decision needs. */
export type Call = Pick<AnyRequest, "method" | "header" | "contextValues">;

/** Decides calls and reports decisions, for the interceptor and the gate. */
export interface Enforcer extends Evaluator {
  /** False in report mode. */
  readonly enforced: boolean;
  /** Whether open streams are decided about again. */
  readonly watchesStreams: boolean;
  /** Undefined without `onDecision` and `trial`. */
  readonly log: DecisionLog | undefined;
  /** The time for `durationMs`. 0 without a log. */
  now(): number;
  /**
   * Reports a decision. Returns the error of a denial, or undefined in report mode.
   *
   * @param message - the message of the call, if it has been read.
   */
  conclude(
    verdict: Verdict,
    call: Call,
    context: AuthContext | undefined,
    start: number,
    message?: Message,
  ): ConnectError | undefined;
  /**
   * Reports a credential that expired or was revoked during the call. Returns its error, in report mode too.
   *
   * @param isOpen - for an open stream: the option `streams` says what ends it.
   */
  lapsed(call: Call, context: AuthContext | undefined, start: number, isOpen?: boolean): ConnectError | undefined;
}

/** @throws TypeError for a malformed table or option. */
export function createEnforcer(
  policies: Iterable<ServicePolicy>,
  options: ReadAuthzOptions,
  skipped: readonly CompiledRule[] = [],
): Enforcer {
  const { mode, trial, streams } = options;
  const evaluator = createEvaluator(policies, options, skipped);
  const enforced = mode === "enforce";
  const observe = (trial as StartableTrial | undefined)?.start(options, evaluator);
  const log = createDecisionLog(options, enforced, evaluator, observe);
  if (!enforced) warn('mode is "report": NOTHING IS ENFORCED');
  return {
    ...evaluator,
    enforced,
    watchesStreams: enforced && endsWith(streams, "revocation"),
    log,
    now: () => (log ? monotonicTime() : 0),
    conclude(verdict, { method, contextValues }, context, start, message) {
      log?.(verdict, method, context, start, message);
      if (verdict.effect === "allow" || !enforced) return undefined;
      const state = stateOf(contextValues);
      state.refused = true;
      return denialOf(verdict, method, context, state.challenges);
    },
    lapsed({ method, contextValues }, context, start, isOpen = false) {
      try {
        checkStanding(contextValues, isOpen);
        return undefined;
      } catch (error) {
        log?.(
          { effect: "deny", decidedBy: "authentication", reason: "unauthenticated", error },
          method,
          context,
          start,
        );
        return ConnectError.from(error);
      }
    },
  };
}
