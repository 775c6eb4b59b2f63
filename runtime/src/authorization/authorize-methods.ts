import type {
  DescMessage,
  DescMethod,
  DescMethodServerStreaming,
  DescMethodStreaming,
  DescMethodUnary,
  DescService,
  Message,
  MessageShape,
} from "@bufbuild/protobuf";
import type { AuthContext } from "../context/auth-context.js";
import { func } from "../options/check.js";
import type { MethodMatcher } from "../options/method-pattern.js";
import { checkObject, type OptionTable, readOptions } from "../options/read-options.js";
import type { AuthzRequest } from "./authz-request.js";
import { guardMessages } from "./guard-messages.js";
import type { Question } from "./verdict.js";

type Answer = boolean | PromiseLike<boolean>;

/** Whether a caller may call a method with this message. */
export type MessageCheck<M extends Message> = (caller: AuthContext, message: M, request: AuthzRequest) => Answer;

/** Whether a caller may open a stream to a method, before its first message. */
export type OpeningCheck = (caller: AuthContext, request: AuthzRequest) => Answer;

/** Checks of a method to which the caller sends a stream. */
export interface StreamChecks<M extends Message> {
  /** By default, the stream is opened. */
  readonly open?: OpeningCheck;
  /**
   * Asked about every message; one that is refused does not reach the handler, and ends the stream.
   * By default, every message is passed on.
   */
  readonly message?: MessageCheck<M>;
}

/** The check that fits a method. */
export type CheckOf<M extends DescMethod> = M extends
  | DescMethodUnary<infer I, DescMessage>
  | DescMethodServerStreaming<infer I, DescMessage>
  ? MessageCheck<MessageShape<I>>
  : M extends DescMethodStreaming<infer I, DescMessage>
    ? OpeningCheck | StreamChecks<MessageShape<I>>
    : never;

/** Checks of a service's methods, by the names they have in generated code. */
export type ServiceChecks<S extends DescService> = { readonly [M in keyof S["method"]]?: CheckOf<S["method"][M]> };

/** What {@link authorizeMethods} makes, for the option `checks`. */
export interface MethodChecks {
  /** Fully qualified name of the service. */
  readonly service: string;
  /** By name in the schema. */
  readonly questions: ReadonlyMap<string, Question>;
  /** @throws TypeError where there is a check for a public method, which has no caller. */
  rejectPublic(isPublic: MethodMatcher): void;
}

/**
 * Checks that need to know what is asked for: whose order is it? They come on top of the table and the rules,
 * which are asked first; they can refuse what those allow, and never the other way round. Only true is a
 * yes, and throwing is a no. A check needs a caller who is authenticated, so a public method cannot have one.
 *
 * @throws TypeError for a method that the service does not have, for what is not a check, and for anything but a plain
 * object: the methods of a class, for example, would not be seen.
 */
export function authorizeMethods<S extends DescService>(service: S, checks: ServiceChecks<S>): MethodChecks {
  const questions = new Map<string, Question>();
  checkObject(`authorizeMethods: ${service.typeName}`, checks);
  for (const [localName, check] of Object.entries(checks)) {
    const method = Object.hasOwn(service.method, localName) ? service.method[localName] : undefined;
    const name = `authorizeMethods: ${service.typeName}.${localName}`;
    if (method === undefined) throw new TypeError(`${name}: the service has no such method`);
    questions.set(method.name, questionOf(method, check, name));
  }
  return {
    service: service.typeName,
    questions,
    rejectPublic(isPublic) {
      for (const method of questions.keys()) {
        if (isPublic(service.typeName, method)) {
          throw new TypeError(`checks: ${service.typeName}/${method} is public, and a check needs a caller`);
        }
      }
    },
  };
}

const streamChecks = (): OptionTable<StreamChecks<Message>, "open"> => ({
  open: { ...func, fallback: () => true },
  message: func,
});

function questionOf(method: DescMethod, check: unknown, name: string): Question {
  const decidedBy = "check";
  const streams = method.methodKind === "client_streaming" || method.methodKind === "bidi_streaming";
  if (typeof check === "function") {
    if (streams) return { decidedBy, ask: check as Question["ask"] };
    // Where the server's copy of the descriptors has a stream instead, there is no message to ask about.
    return { decidedBy, ask: (caller, request) => request.message && check(caller, request.message, request) };
  }
  if (!streams || Object(check) !== check) throw new TypeError(`${name}: expected a function`);
  const { open, message } = readOptions(name, check as StreamChecks<Message>, streamChecks, `${name}.`);
  return message ? { decidedBy, ask: open, askOfMessage: message, guard: guardMessages } : { decidedBy, ask: open };
}
