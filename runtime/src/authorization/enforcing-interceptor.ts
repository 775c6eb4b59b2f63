import type { Message } from "@bufbuild/protobuf";
import type { Interceptor, StreamRequest } from "@connectrpc/connect";
import { stateOf } from "../call/call-state.js";
import { endWithCredential } from "../call/end-with-credential.js";
import { messageOf } from "../call/message-of.js";
import { checkArrivals } from "../call/message-stream.js";
import { checkCall, checkWaiting } from "../call/standing.js";
import { type AuthContext, authContextKey } from "../context/auth-context.js";
import type { AnyRequest } from "../platform/any-request.js";
import { createWarning } from "../platform/warn.js";
import type { AuthzRequest } from "./authz-request.js";
import type { Enforcer } from "./enforcer.js";
import { explainDenial, runChecks } from "./run-checks.js";
import type { Check, Conditional, Verdict } from "./verdict.js";

type Next = ReturnType<Interceptor>;

/**
 * Creates the authorization interceptor. It rejects denied calls.
 *
 * Right before it calls the next interceptor, it checks the credential again: checks may have waited for seconds.
 */
export function createEnforcingInterceptor({ enforced, now, evaluate, conclude, lapsed }: Enforcer): Interceptor {
  const warnOfOrder = createWarning(
    "a call has an Authorization header and no identity: install the authentication interceptor before authorization",
  );

  async function checkAndProceed(next: Next, req: AnyRequest, verdict: Conditional, context: AuthContext) {
    const { checks } = verdict;
    const [message, whole] = await messageOf(req);
    const { service, method, header, contextValues: values, signal } = req;
    const call = { service: service.typeName, method: method.name, header, values, signal, message };
    const requestOf = (one: Message | undefined): AuthzRequest => ({
      ...call,
      resource: one && verdict.resourceOf?.(one),
    });
    const request = requestOf(message);

    /** Rejects if a check fails. Reports `passed` if all pass. */
    async function runAll(
      run: (check: Check) => unknown,
      resource: string | undefined,
      passed?: Verdict,
    ): Promise<void> {
      const start = now();
      const concluded = runChecks(checks, run).then((denial) => {
        // A failed check is the better explanation, even if the credential expired too.
        if (denial !== undefined) return conclude(explainDenial(denial, verdict, resource), req, context, start);
        return lapsed(req, context, start) ?? (passed && conclude(passed, req, context, start));
      });
      // Report mode does not wait: code on trial must not delay a call.
      const error = enforced && (await concluded);
      if (error) throw error;
    }

    const { decidedBy } = checks.at(-1) ?? verdict;
    const { resource } = request;
    await runAll((check) => check.run(context, request), resource, {
      ...verdict,
      effect: "allow",
      decidedBy,
      resource,
    });
    const error = lapsed(req, context, now());
    if (error) throw error;
    const guard = checks.find((check) => check.guard)?.guard;
    const messages = guard?.(whole.message as AsyncIterable<Message>, context, requestOf, runAll);
    return proceed(next, messages ? ({ ...whole, message: messages } as StreamRequest) : whole);
  }

  return (next) => (req) => {
    const start = now();
    const context = req.contextValues.get(authContextKey);
    const verdict = evaluate(req, context);
    if (verdict.effect === "conditional" && context) return checkAndProceed(next, req, verdict, context);
    const error =
      (verdict.effect === "deny" ? undefined : lapsed(req, context, start)) ?? conclude(verdict, req, context, start);
    if (verdict.reason === "unauthenticated" && req.header.has("authorization")) warnOfOrder();
    if (error) return Promise.reject(error);
    try {
      return proceed(next, req);
    } catch (error) {
      return Promise.reject(error);
    }
  };
}

/** @throws ConnectError if the caller no longer waits. */
function proceed(next: Next, req: AnyRequest): ReturnType<Next> {
  const { contextValues: values, signal } = req;
  checkWaiting(signal);
  stateOf(values).authorized = req;
  if (!req.stream) return next(req);
  return endWithCredential(req, (ending) => {
    if (req.method.methodKind !== "server_streaming") return next(ending);
    // connect reads the whole message before it calls the handler.
    const message = checkArrivals(ending.message, () => checkCall(values, signal));
    return next({ ...ending, message } as StreamRequest);
  });
}
