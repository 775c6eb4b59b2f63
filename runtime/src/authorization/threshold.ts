import { Code, ConnectError, type HandlerContext } from "@connectrpc/connect";
import { checkCall } from "../authentication/standing.js";
import { warn } from "../warn.js";
import { isAuthorized } from "./mark-authorized.js";

const threshold = Symbol("@connectum/auth threshold");

/**
 * Checks a call that has passed the gate once more, when its implementation is about to be called: the authorization
 * interceptor has let it through, the credential still counts, and the caller still waits.
 *
 * connect copies the members of the handler's context right before it calls an implementation, after the last interceptor.
 * A member that is a getter runs then; what it throws is the call's answer. That it does is tested with the versions of
 * connect that have a gate. Where a version did not copy, nothing would be checked here, as without a gate.
 *
 * @param context - the context that connect gave to the gate.
 */
export function createThreshold(): (context: HandlerContext) => void {
  const told = new Set<string>();
  const descriptor: PropertyDescriptor = {
    enumerable: true,
    configurable: true,
    get(this: HandlerContext) {
      const { typeName } = this.method.parent;
      if (!isAuthorized(this)) {
        const text =
          `${typeName}/${this.method.name}: refused, since the interceptors of createAuth are not among those of the ` +
          "service: connect replaces the server's interceptors by those of router.service(), of router.rpc(), or of " +
          `"interceptors" after "...auth". Write auth.withInterceptors([...]) there`;
        if (!told.has(typeName)) warn(text);
        told.add(typeName);
        throw new ConnectError("Internal error", Code.Internal, undefined, undefined, new Error(text));
      }
      checkCall(this.values, this.signal);
      // The timer of the deadline cannot have fired if nothing was waited for since.
      if ((this.timeoutMs?.() ?? 1) <= 0) throw new ConnectError("the operation timed out", Code.DeadlineExceeded);
      return undefined;
    },
  };
  // Not `defineProperty` of Object, which throws for a context that is frozen.
  return (context) => void Reflect.defineProperty(context, threshold, descriptor);
}
