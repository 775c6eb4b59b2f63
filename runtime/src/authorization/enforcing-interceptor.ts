import type { Message } from "@bufbuild/protobuf";
import type { ConnectError, Interceptor, StreamRequest } from "@connectrpc/connect";
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
import { watchAccess } from "./watch-access.js";

type Next = ReturnType<Interceptor>;

/**
 * Creates the authorization interceptor. It rejects denied calls.
 *
 * Right before it calls the next interceptor, it checks the credential again: checks may have waited for seconds.
 */
export function createEnforcingInterceptor(enforcer: Enforcer): Interceptor {
  const { enforced, watchesStreams, now, evaluate, conclude, lapsed } = enforcer;
  const warnOfOrder = createWarning(
    "a call has an Authorization header and no identity: install the authentication interceptor before authorization",
  );

  /** Runs the checks of a call. Answers at once unless the message or a check needs time. */
  function checkAndProceed(next: Next, req: AnyRequest, verdict: Conditional, context: AuthContext): ReturnType<Next> {
    if (!req.stream) return checkMessage(next, req, req.message, verdict, context);
    return messageOf(req).then(([message, whole]) => checkMessage(next, whole, message, verdict, context));
  }

  function checkMessage(
    next: Next,
    req: AnyRequest,
    message: Message | undefined,
    verdict: Conditional,
    context: AuthContext,
  ): ReturnType<Next> {
    const { checks, resourceOf } = verdict;
    const { header, contextValues: values, signal } = req;
    const [service, method] = [req.service.typeName, req.method.name];
    // Written out, as below: spreading an object takes longer than all the rest.
    const requestOf = (one: Message | undefined): AuthzRequest => {
      const resource = one && resourceOf?.(one);
      return { service, method, header, values, signal, message, resource };
    };
    const request = requestOf(message);

    /** Runs the checks. Returns the error if one fails. Reports `passed` if all pass. */
    function errorOf(
      run: (check: Check) => unknown,
      resource: string | undefined,
      passed?: Verdict,
    ): ConnectError | undefined | Promise<ConnectError | undefined> {
      const start = now();
      const conclusion = (denial: Verdict | undefined) => {
        // A failed check is the better explanation, even if the credential expired too.
        if (denial) return conclude(explainDenial(denial, verdict, resource), req, context, start, message);
        // Without a verdict to report, it is a message of an open stream.
        return (
          lapsed(req, context, start, passed === undefined) ??
          (passed && conclude(passed, req, context, start, message))
        );
      };
      const denial = runChecks(checks, run);
      if (!(denial instanceof Promise)) return conclusion(denial);
      const concluded = denial.then(conclusion);
      // Report mode does not wait: code on trial must not delay a call.
      return enforced ? concluded : undefined;
    }

    function proceedGuarded(): ReturnType<Next> {
      const guard = checks.find((check) => check.guard)?.guard;
      const messages = guard?.(req.message as AsyncIterable<Message>, context, requestOf, async (run, resource) => {
        const error = await errorOf(run, resource);
        if (error) throw error;
      });
      return proceed(next, messages ? ({ ...req, message: messages } as StreamRequest) : req, decideAgain());
    }

    /** Decides again by the checks whose results may change. Undefined without any, and in report mode. */
    function decideAgain() {
      const changing = checks.filter((check) => check.mayChange);
      if (changing.length === 0 || !watchesStreams) return undefined;
      return () => {
        const start = now();
        const refuse = (denial: Verdict | undefined) =>
          denial && conclude(explainDenial(denial, verdict, request.resource), req, context, start);
        const denial = runChecks(changing, (check) => check.run(context, request));
        return denial instanceof Promise ? denial.then(refuse) : refuse(denial);
      };
    }

    const { decidedBy } = checks.at(-1) ?? verdict;
    const { resource } = request;
    const { rule, policy } = verdict;
    const passed: Verdict = { effect: "allow", decidedBy, rule, resource, ...(policy && { policy }) };
    const found = errorOf((check) => check.run(context, request), resource, passed);
    // In report mode, too: an invalid credential is refused, whatever the checks say.
    const refuseOrProceed = (error: ConnectError | undefined) => {
      const late = error ?? lapsed(req, context, now());
      if (late) throw late;
      return proceedGuarded();
    };
    return found instanceof Promise ? found.then(refuseOrProceed) : refuseOrProceed(found);
  }

  return (next) => (req) => {
    const start = now();
    const context = req.contextValues.get(authContextKey);
    const verdict = evaluate(req, context);
    if (verdict.effect === "conditional" && context) {
      try {
        return checkAndProceed(next, req, verdict, context);
      } catch (error) {
        return Promise.reject(error);
      }
    }
    const error =
      (verdict.effect === "deny" ? undefined : lapsed(req, context, start)) ??
      conclude(verdict, req, context, start, req.stream ? undefined : req.message);
    // After authentication, the caller has another credential than the method takes.
    const isEarly = verdict.reason === "unauthenticated" && stateOf(req.contextValues).stripped === undefined;
    if (isEarly && req.header.has("authorization")) warnOfOrder();
    if (error) return Promise.reject(error);
    try {
      return proceed(next, req);
    } catch (error) {
      return Promise.reject(error);
    }
  };
}

/**
 * @param decideAgain - decides about an open stream again. Undefined if its decision cannot change.
 * @throws ConnectError if the caller no longer waits.
 */
function proceed(next: Next, req: AnyRequest, decideAgain?: Parameters<typeof watchAccess>[0]): ReturnType<Next> {
  const { contextValues: values, signal } = req;
  checkWaiting(signal);
  stateOf(values).authorized = req;
  if (!req.stream) return next(req);
  const watch = decideAgain && ((end: (error: unknown) => void) => watchAccess(decideAgain, end));
  return endWithCredential(req, watch, (ending) => {
    if (req.method.methodKind !== "server_streaming") return next(ending);
    // connect reads the whole message before it calls the handler.
    const message = checkArrivals(ending.message, () => checkCall(values, signal));
    return next({ ...ending, message } as StreamRequest);
  });
}
