import { Code, ConnectError, type HandlerContext } from "@connectrpc/connect";
import { checkCall } from "../authentication/standing.js";
import { warn } from "../warn.js";
import { isAuthorized } from "./is-authorized.js";

const threshold = Symbol("@connectum/auth threshold");
const reportedServices = Symbol("@connectum/auth reported services");

interface Watched extends HandlerContext {
  /** Names of services whose lost interceptors were reported. */
  [reportedServices]: Set<string>;
}

/** The same getter for every server of a process: a second one would turn the contexts of all into slow dictionaries. */
const descriptor: PropertyDescriptor = {
  enumerable: true,
  configurable: true,
  get(this: Watched) {
    if (!isAuthorized(this)) throw lostInterceptors(this);
    checkCall(this.values, this.signal);
    // The timer of the deadline cannot have fired if nothing was waited for since.
    if ((this.timeoutMs?.() ?? 1) <= 0) throw new ConnectError("the operation timed out", Code.DeadlineExceeded);
    return undefined;
  },
};

/**
 * Checks a call that has passed the gate once more, when its implementation is about to be called: the authorization
 * interceptor has let it through, the credential still counts, and the caller still waits.
 *
 * connect copies the members of the handler's context right before it calls an implementation, after the last interceptor.
 * A member that is a getter runs then; what it throws is the call's answer. That it does is tested with the versions of
 * connect that have a gate. Where a version did not copy, nothing would be checked here, as without a gate.
 *
 * @param context - the context that connect gave to the gate.
 * @param reported - names of services whose lost interceptors were reported, for the whole server.
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
