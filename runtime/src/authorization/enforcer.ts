import type { DescMethod, Message } from "@bufbuild/protobuf";
import {
  Code,
  ConnectError,
  type ContextKey,
  type ContextValues,
  createContextKey,
  type HandlerContext,
  type Interceptor,
  type StreamRequest,
  type UnaryRequest,
} from "@connectrpc/connect";
import { challengesKey } from "../authentication/challenge.js";
import { type AuthContext, authContextKey } from "../context/auth-context.js";
import { checkWord } from "../option-checks.js";
import type { MethodPolicy, ServicePolicy } from "../policy/service-policy.js";
import { ask, settle } from "./ask.js";
import { markAuthorized } from "./assert-authorized.js";
import type { AuthzOptions } from "./authz-options.js";
import type { AuthzRequest } from "./authz-request.js";
import { createDecisionLog } from "./decision-event.js";
import { denialOf } from "./denial.js";
import { createEvaluator } from "./evaluator.js";
import { checkEach, peekFirst } from "./message-stream.js";
import type { Question, Verdict } from "./verdict.js";

/** Decides about calls, and acts on it. */
export interface Enforcer {
  /** Lets through what is allowed, and rejects otherwise. */
  readonly interceptor: Interceptor;
  /**
   * Refuses what can be refused before the message is read. What it does not refuse is not allowed yet:
   * that is for the interceptor to say.
   *
   * @throws ConnectError with code `unauthenticated`, or an AuthzDeniedError.
   */
  gate(call: Pick<HandlerContext, "method" | "requestHeader" | "values">): void;
  /** What the tables say about a method. Undefined where its service has no table. */
  lookup(service: string, method: string): MethodPolicy | undefined;
  /** Tells `onDecision` that authentication refused a call; undefined where there is nobody to tell. */
  readonly refusedBefore: ((method: DescMethod, error: unknown, start: number) => void) | undefined;
}

type AnyRequest = UnaryRequest | StreamRequest;
type Next = ReturnType<Interceptor>;

/** What the gate found out about a call, so that the interceptor does not ask again. */
interface GateResult {
  readonly method: DescMethod;
  readonly header: Headers;
  readonly context: AuthContext | undefined;
  readonly verdict: Verdict;
}

/** @throws TypeError for a malformed table or option. */
export function createEnforcer(
  policies: Iterable<ServicePolicy>,
  { mode = "enforce", onDecision, decisionEvents, ...decisionOptions }: AuthzOptions,
  skipMethods?: readonly string[],
): Enforcer {
  const evaluator = createEvaluator(policies, decisionOptions, skipMethods);
  const log = createDecisionLog(onDecision, decisionEvents, mode);
  checkWord("mode", mode, "enforce", "report");
  const enforced = mode === "enforce";
  if (!enforced) console.warn('@connectum/auth: mode is "report": NOTHING IS ENFORCED, every call is let through');
  const gateKey: ContextKey<GateResult | undefined> = createContextKey<GateResult | undefined>(undefined);
  let gated = false;

  function evaluate(method: DescMethod, header: Headers, values: ContextValues, context: AuthContext | undefined) {
    const result = gated ? values.get(gateKey) : undefined;
    // Values that calls share by mistake must not hand the result of one to another.
    if (result?.header === header && result.method === method && result.context === context) return result.verdict;
    try {
      return evaluator.evaluate(method, context);
    } catch (error) {
      return { effect: "deny", decidedBy: "table", reason: "error", error } satisfies Verdict;
    }
  }

  // Once: what a client sends may not fill the log.
  let warned = false;
  function warnOfOrder(verdict: Verdict, header: Headers) {
    if (warned || verdict.reason !== "unauthenticated" || !header.has("authorization")) return;
    warned = true;
    console.warn(
      "@connectum/auth: a call with an Authorization header came without an identity: authentication goes before authorization",
    );
  }

  /** Reports a decision; returns what to throw where it is a no. */
  function conclude(
    verdict: Verdict,
    method: DescMethod,
    values: ContextValues,
    context: AuthContext | undefined,
    start: number,
  ) {
    log?.write(verdict, method, context, start);
    if (verdict.effect === "allow" || !enforced) return undefined;
    return denialOf(verdict, method, context, values.get(challengesKey));
  }

  async function askAndGoOn(next: Next, req: AnyRequest, verdict: Verdict, context: AuthContext) {
    const [message, whole] = await messageOf(req);
    const { service, method, header, contextValues: values, signal } = req;
    const request: AuthzRequest = { service: service.typeName, method: method.name, header, values, signal, message };
    const start = log?.start() ?? 0;
    const concluded = settle(verdict, context, request).then((final) =>
      conclude(final, method, values, context, start),
    );
    // A report is not waited for: code that is only being tried out must not hold up a call.
    const error = enforced ? await concluded : undefined;
    if (error !== undefined) throw error;
    markAuthorized(req);
    return next(checkMessages(whole, verdict.questions ?? [], context, request));
  }

  function checkMessages(req: AnyRequest, questions: readonly Question[], context: AuthContext, request: AuthzRequest) {
    const asked = questions.filter(({ askOfMessage }) => askOfMessage !== undefined);
    if (!req.stream || asked.length === 0) return req;
    const message = checkEach<Message>(req.message, async (message) => {
      const start = log?.start() ?? 0;
      const refused = await ask(asked, (question) => question.askOfMessage?.(context, message, request));
      const error = refused && conclude(refused, req.method, req.contextValues, context, start);
      if (error !== undefined) throw error;
    });
    return { ...req, message } as StreamRequest;
  }

  return {
    interceptor: (next) => (req) => {
      const { method, header, contextValues: values } = req;
      const start = log?.start() ?? 0;
      const context = values.get(authContextKey);
      const verdict = evaluate(method, header, values, context);
      if (verdict.effect === "ask" && context !== undefined) return askAndGoOn(next, req, verdict, context);
      if (verdict.effect !== "allow" || log !== undefined) {
        const error = conclude(verdict, method, values, context, start);
        warnOfOrder(verdict, header);
        if (error !== undefined) return Promise.reject(error);
      }
      markAuthorized(req);
      return next(req);
    },
    gate({ method, requestHeader: header, values }) {
      if (!enforced) return;
      const start = log?.start() ?? 0;
      const context = values.get(authContextKey);
      const verdict = evaluate(method, header, values, context);
      const error = verdict.effect === "deny" ? conclude(verdict, method, values, context, start) : undefined;
      if (error !== undefined) throw error;
      values.set(gateKey, { method, header, context, verdict });
      gated = true;
    },
    lookup: evaluator.lookup,
    refusedBefore:
      log &&
      ((method, error, start) => {
        const reason = ConnectError.from(error).code === Code.Unauthenticated ? "unauthenticated" : "error";
        log.write({ effect: "deny", decidedBy: "authentication", reason, error }, method, undefined, start);
      }),
  };
}

/** The message that a method takes, where it takes one, and the request with the message still in it. */
async function messageOf(req: AnyRequest): Promise<[Message | undefined, AnyRequest]> {
  if (!req.stream) return [req.message, req];
  if (req.method.methodKind !== "server_streaming") return [undefined, req];
  const [first, stream] = await peekFirst<Message>(req.message);
  if (first === undefined) throw new ConnectError("protocol error: missing input message", Code.Unimplemented);
  return [first, { ...req, message: stream } as StreamRequest];
}
