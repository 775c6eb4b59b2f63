import { type ContextKey, createContextKey, type HandlerContext } from "@connectrpc/connect";
import { type AuthContext, authContextKey } from "../context/auth-context.js";
import { isFixed } from "./caller.js";
import type { Call, Enforcer } from "./enforcer.js";
import { explainDenial, runChecks } from "./run-checks.js";
import type { Verdict } from "./verdict.js";

/** Refuses calls before the message is read. */
export interface Gate {
  /**
   * Refuses calls that can be refused by headers alone. The interceptor decides about the others.
   *
   * @throws ConnectError with code `unauthenticated`, or an AuthzDeniedError.
   */
  check(call: Pick<HandlerContext, "method" | "requestHeader" | "values">): void | Promise<void>;
  /** The enforcer's `evaluate`, which reuses the gate's decision about the same call. */
  evaluate(call: Call, context: AuthContext | undefined): Verdict;
}

interface GateResult {
  readonly call: Call;
  readonly context: AuthContext | undefined;
  readonly verdict: Verdict;
}

export function createGate({ enforced, now, evaluate, conclude }: Enforcer): Gate {
  const resultKey: ContextKey<GateResult | undefined> = createContextKey<GateResult | undefined>(undefined);
  let used = false;

  /** Runs the checks that do not need the message. */
  function runEarly(verdict: Verdict, call: Call, context: AuthContext): void | Promise<void> {
    const checks = verdict.effect === "conditional" ? verdict.checks.filter((check) => check.runEarly) : [];
    if (checks.length === 0) return undefined;
    const start = now();
    const refuse = (denial: Verdict | undefined) => {
      const error = denial && conclude(explainDenial(denial, verdict, undefined), call, context, start);
      if (error) throw error;
    };
    const denial = runChecks(checks, (check) => check.runEarly?.(context));
    return denial instanceof Promise ? denial.then(refuse) : refuse(denial);
  }

  return {
    check({ method, requestHeader: header, values: contextValues }) {
      if (!enforced) return;
      const start = now();
      const call = { method, header, contextValues };
      const context = contextValues.get(authContextKey);
      const verdict = evaluate(call, context);
      const error = verdict.effect === "deny" ? conclude(verdict, call, context, start) : undefined;
      if (error !== undefined) throw error;
      // The interceptor decides again if the caller's roles can change meanwhile.
      if (context && !isFixed(context)) return;
      contextValues.set(resultKey, { call, context, verdict });
      used = true;
      return context && runEarly(verdict, call, context);
    },
    evaluate(call, context) {
      const result = used ? call.contextValues.get(resultKey) : undefined;
      // Calls that share context values by mistake must not share a decision.
      const same =
        result?.call.header === call.header && result.call.method === call.method && result.context === context;
      return same ? result.verdict : evaluate(call, context);
    },
  };
}
