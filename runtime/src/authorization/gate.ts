import { type ContextKey, createContextKey, type HandlerContext } from "@connectrpc/connect";
import { type AuthContext, authContextKey } from "../context/auth-context.js";
import { isFixed } from "./caller.js";
import type { Call, Enforcer } from "./enforcer.js";
import type { Verdict } from "./verdict.js";

/** Refuses before the message is read. */
export interface Gate {
  /**
   * Refuses what can be refused on headers alone. What it does not refuse is not allowed yet: that is for
   * the interceptor to say.
   *
   * @throws ConnectError with code `unauthenticated`, or an AuthzDeniedError.
   */
  check(call: Pick<HandlerContext, "method" | "requestHeader" | "values">): void;
  /** The enforcer's, for the interceptor: what the gate found out about a call is not asked again. */
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
  return {
    check({ method, requestHeader: header, values: contextValues }) {
      if (!enforced) return;
      const start = now();
      const call = { method, header, contextValues };
      const context = contextValues.get(authContextKey);
      const verdict = evaluate(call, context);
      const error = verdict.effect === "deny" ? conclude(verdict, call, context, start) : undefined;
      if (error !== undefined) throw error;
      // What may say something else by then is for the interceptor to look at.
      if (context && !isFixed(context)) return;
      contextValues.set(resultKey, { call, context, verdict });
      used = true;
    },
    evaluate(call, context) {
      const result = used ? call.contextValues.get(resultKey) : undefined;
      // Values that calls share by mistake must not hand the result of one to another.
      const same =
        result?.call.header === call.header && result.call.method === call.method && result.context === context;
      return same ? result.verdict : evaluate(call, context);
    },
  };
}
