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
import { checkObject, checkOption, type OptionTable, readOptions } from "../options/read-options.js";
import type { AuthzRequest } from "./authz-request.js";
import { guardMessages } from "./guard-messages.js";
import type { Check } from "./verdict.js";

type Answer = boolean | PromiseLike<boolean>;

/** Returns true if the caller may call the method with this message. */
export type MessageCheck<M extends Message> = (caller: AuthContext, message: M, request: AuthzRequest) => Answer;

/** Returns true if the caller may open a stream. Runs before the first message. */
export type OpeningCheck = (caller: AuthContext, request: AuthzRequest) => Answer;

/** Checks of a method with a stream of requests. */
export interface StreamChecks<M extends Message> {
  /** By default, the stream opens. */
  readonly open?: OpeningCheck;
  /** Runs for every message. A refused message does not reach the handler, and ends the stream. By default, all pass. */
  readonly message?: MessageCheck<M>;
}

/** The check of a method, by the kind of its request. */
export type CheckOf<M extends DescMethod> = M extends
  | DescMethodUnary<infer I, DescMessage>
  | DescMethodServerStreaming<infer I, DescMessage>
  ? MessageCheck<MessageShape<I>>
  : M extends DescMethodStreaming<infer I, DescMessage>
    ? OpeningCheck | StreamChecks<MessageShape<I>>
    : never;

/** Checks of a service, by the methods' names in generated code. */
export type ServiceChecks<S extends DescService> = { readonly [M in keyof S["method"]]?: CheckOf<S["method"][M]> };

/** The result of {@link authorizeMethods}, for the option `checks`. */
export interface MethodChecks {
  /** Fully qualified name of the service. */
  readonly service: string;
}

/** The checks of a service, compiled. */
export interface CompiledChecks extends MethodChecks {
  /** By the method's name in the schema. */
  readonly checks: ReadonlyMap<string, Check>;
}

/**
 * Compiles checks that depend on the request: is this the caller's own order?
 *
 * A check runs after the table and the rules have allowed the call. It can refuse the call, and cannot allow a call that they
 * refused. Only `true` passes; any other value, and an error, refuses. Public methods cannot have a check, since they have no
 * caller.
 *
 * @throws TypeError for a method that the service lacks, for a check that is no function, and for an object with a class.
 *
 * @example
 * const checks = [
 *   authorizeMethods(OrderService, {
 *     getOrder: async (caller, { id }) => (await orders.find(id))?.owner === caller.subject,
 *   }),
 * ];
 * const auth = createAuth({ policies, authenticate, checks });
 */
export function authorizeMethods<S extends DescService>(service: S, checks: ServiceChecks<S>): MethodChecks {
  const compiled = new Map<string, Check>();
  checkObject(`authorizeMethods: ${service.typeName}`, checks);
  for (const [localName, check] of Object.entries(checks)) {
    const method = Object.hasOwn(service.method, localName) ? service.method[localName] : undefined;
    const name = `authorizeMethods: ${service.typeName}.${localName}`;
    if (method === undefined) throw new TypeError(`${name}: the service has no such method`);
    compiled.set(method.name, compileCheck(method, check, name));
  }
  return { service: service.typeName, checks: compiled } as CompiledChecks;
}

/**
 * Returns the compiled checks of the option `checks`.
 *
 * @throws TypeError for anything but results of {@link authorizeMethods}, and for a check of a public method.
 */
export function readMethodChecks(checks: readonly MethodChecks[], isPublic: MethodMatcher): readonly CompiledChecks[] {
  return checks.map((one) => {
    const { service, checks: compiled } = Object(one) as CompiledChecks;
    // Not `instanceof`: another copy of this package may have compiled them.
    checkOption(typeof compiled?.keys === "function", "checks", "the result of authorizeMethods()");
    for (const method of compiled.keys()) {
      if (isPublic(service, method)) {
        throw new TypeError(`checks: ${service}/${method} is public, and a check needs a caller`);
      }
    }
    return { service, checks: compiled };
  });
}

const streamChecks = (): OptionTable<StreamChecks<Message>, "open"> => ({
  open: { ...func, fallback: () => true },
  message: func,
});

function compileCheck(method: DescMethod, check: unknown, name: string): Check {
  const decidedBy = "check";
  const streams = method.methodKind === "client_streaming" || method.methodKind === "bidi_streaming";
  if (typeof check === "function") {
    if (streams) return { decidedBy, run: check as Check["run"] };
    // Without a message, the server's copy of the descriptors has a stream here: refuse.
    return { decidedBy, run: (caller, request) => request.message && check(caller, request.message, request) };
  }
  if (!streams || Object(check) !== check) throw new TypeError(`${name}: expected a function`);
  const { open, message } = readOptions(name, check as StreamChecks<Message>, streamChecks, `${name}.`);
  return message ? { decidedBy, run: open, runOnMessage: message, guard: guardMessages } : { decidedBy, run: open };
}
