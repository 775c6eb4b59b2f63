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
import { ask } from "./ask.js";
import type { AuthzRequest } from "./authz-request.js";
import type { Enforcer } from "./enforcer.js";
import type { Asking, Question, Verdict } from "./verdict.js";

type Next = ReturnType<Interceptor>;

/**
 * Lets through what is allowed, and rejects otherwise. Checks right before it calls the next interceptor that the caller's
 * credential still counts, whatever was waited for meanwhile.
 */
export function createEnforcingInterceptor({ enforced, now, evaluate, conclude, lapsed }: Enforcer): Interceptor {
  const warnOfOrder = createWarning("Authorization header, but no identity: authentication goes first");

  async function askAndGoOn(next: Next, req: AnyRequest, verdict: Asking, context: AuthContext) {
    const { questions } = verdict;
    const [message, whole] = await messageOf(req);
    const { service, method, header, contextValues: values, signal } = req;
    const request: AuthzRequest = { service: service.typeName, method: method.name, header, values, signal, message };

    /** Rejects where the answer is a no; a yes is reported where it is what the call is let through by. */
    async function put(answer: (question: Question) => unknown, yes?: Verdict): Promise<void> {
      const start = now();
      const concluded = ask(questions, answer).then((answered) => {
        // A no of the questions says more than a credential that counts no longer.
        if (answered !== undefined) return conclude(answered, req, context, start);
        return lapsed(req, context, start) ?? (yes && conclude(yes, req, context, start));
      });
      // A report is not waited for: code that is only being tried out must not hold up a call or a message.
      const error = enforced && (await concluded);
      if (error) throw error;
    }

    const { decidedBy } = questions.at(-1) ?? verdict;
    await put((question) => question.ask(context, request), { ...verdict, effect: "allow", decidedBy });
    const error = lapsed(req, context, now());
    if (error) throw error;
    const guard = questions.find((question) => question.guard)?.guard;
    const messages = guard?.(whole.message as AsyncIterable<Message>, context, request, put);
    return goOn(next, messages ? ({ ...whole, message: messages } as StreamRequest) : whole);
  }

  return (next) => (req) => {
    const start = now();
    const context = req.contextValues.get(authContextKey);
    const verdict = evaluate(req, context);
    if (verdict.effect === "ask" && context) return askAndGoOn(next, req, verdict, context);
    const error =
      (verdict.effect === "deny" ? undefined : lapsed(req, context, start)) ?? conclude(verdict, req, context, start);
    if (verdict.reason === "unauthenticated" && req.header.has("authorization")) warnOfOrder();
    if (error) return Promise.reject(error);
    try {
      return goOn(next, req);
    } catch (error) {
      return Promise.reject(error);
    }
  };
}

/** @throws ConnectError where the caller does not wait for an answer any more. */
function goOn(next: Next, req: AnyRequest): ReturnType<Next> {
  const { contextValues: values, signal } = req;
  checkWaiting(signal);
  stateOf(values).authorized = req;
  if (!req.stream) return next(req);
  return endWithCredential(req, (ending) => {
    if (req.method.methodKind !== "server_streaming") return next(ending);
    // connect reads the message, and waits for its end, before it calls the handler.
    const message = checkArrivals(ending.message, () => checkCall(values, signal));
    return next({ ...ending, message } as StreamRequest);
  });
}
