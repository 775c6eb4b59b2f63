import { Code, ConnectError, type HandlerContext } from "@connectrpc/connect";
import { checkCall } from "../call/standing.js";
import { warn } from "../platform/warn.js";
import { isAuthorized } from "./is-authorized.js";

const threshold = Symbol("@connectum/auth threshold");
const reportedServices = Symbol("@connectum/auth reported services");

interface Watched extends HandlerContext {
  /** Names of the services reported so far. */
  [reportedServices]: Set<string>;
}

// One getter for all servers of the process. With a second one, V8 turns every context into a slow dictionary.
const descriptor: PropertyDescriptor = {
  enumerable: true,
  configurable: true,
  get(this: Watched) {
    if (!isAuthorized(this)) throw lostInterceptors(this);
    checkCall(this.values, this.signal);
    // Without a wait since, the deadline's timer cannot have fired.
    if ((this.timeoutMs?.() ?? 1) <= 0) throw new ConnectError("the operation timed out", Code.DeadlineExceeded);
    return undefined;
  },
};

/**
 * Checks a call again right before its handler: authorization allowed it, the credential is valid, and the caller waits.
 *
 * connect copies the handler's context after the last interceptor. Copying runs our getter, and its error answers the call.
 * The tests prove this for each connect version with a gate. A version that does not copy skips this check.
 *
 * @param context - the context that connect gave to the gate.
 * @param reported - the names of the server's services reported so far; each is reported once.
 */
export function watchThreshold(context: HandlerContext, reported: Set<string>): void {
  if (!Object.isExtensible(context)) return;
  (context as Watched)[reportedServices] = reported;
  Object.defineProperty(context, threshold, descriptor);
}

function lostInterceptors({ method, [reportedServices]: reported }: Watched): ConnectError {
  const { typeName } = method.parent;
  const text =
    `${typeName}/${method.name}: refused, since the interceptors of createAuth are not among those of the ` +
    "service: connect replaces the server's interceptors by those of router.service(), of router.rpc(), or of " +
    `"interceptors" after "...auth". Write auth.withInterceptors([...]) there`;
  if (!reported.has(typeName)) warn(text);
  reported.add(typeName);
  return new ConnectError("Internal error", Code.Internal, undefined, undefined, new Error(text));
}
