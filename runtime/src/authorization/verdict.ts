import type { Message } from "@bufbuild/protobuf";
import type { AuthContext } from "../context/auth-context.js";
import type { AuthzDenialReason } from "../errors/authz-denied-error.js";
import type { MethodPolicy } from "../policy/service-policy.js";
import type { AuthzRequest } from "./authz-request.js";

/** Who decided: authentication (only to refuse), a row of a table, a rule, code, or nobody else. */
export type Decider = "authentication" | "table" | "rule" | "authorize" | "check" | "defaultPolicy" | "skipMethods";

/** A decision and who made it. */
export type Verdict = Settled | Asking;

interface Settled {
  readonly effect: "allow" | "deny";
  readonly decidedBy: Decider;
  /** Why a call is denied. */
  readonly reason?: AuthzDenialReason;
  /** Name of the rule that decided. */
  readonly rule?: string | undefined;
  /** What the deciding row or rule asks for. */
  readonly policy?: MethodPolicy;
  /** What the deciding code threw. */
  readonly error?: unknown;
}

/** Allowed if every question is answered with yes. They are asked in order. */
export interface Asking extends Omit<Settled, "effect"> {
  readonly effect: "ask";
  readonly questions: readonly [Question, ...Question[]];
}

/** The verdict on those callers who meet its `policy`. */
export type PlannedVerdict = Verdict & { readonly policy: MethodPolicy };

/** What everybody meets. */
export const anybody: MethodPolicy = { access: "allow" };

/** What only code can answer. Only true is a yes. */
export interface Question {
  readonly decidedBy: "authorize" | "check";
  /** Asked once, before the handler is called. */
  ask(context: AuthContext, request: AuthzRequest): unknown;
  /** Asked about every message of a client's stream, before the handler sees it. */
  askOfMessage?(context: AuthContext, message: Message, request: AuthzRequest): unknown;
  /** Has `put` ask all questions about each of the messages before it is passed on; there beside `askOfMessage`. */
  guard?(
    messages: AsyncIterable<Message>,
    context: AuthContext,
    request: AuthzRequest,
    put: Put,
  ): AsyncIterable<Message>;
}

/** Puts questions, in order, up to the first that is not answered with yes; rejects with what to tell the caller then. */
export type Put = (answer: (question: Question) => unknown) => Promise<void>;
