import type { Interceptor, StreamRequest } from "@connectrpc/connect";
import { endWithCredential } from "../call/end-with-credential.js";
import { checkStanding, checkWaiting } from "../call/standing.js";
import type { AuthContext } from "../context/auth-context.js";
import { type CallerScope, createCallerScope } from "../context/current.js";
import type { AnyRequest } from "../platform/any-request.js";
import type { AuthCall, Authenticate } from "./authenticator.js";

type Next = ReturnType<Interceptor>;

const interceptors: WeakSet<Interceptor> = /* @__PURE__ */ new WeakSet();

/** Returns true for results of {@link createAuthenticationInterceptor}. For `checkWiring`. */
export function isAuthenticationInterceptor(interceptor: Interceptor): boolean {
  return interceptors.has(interceptor);
}

/**
 * Creates the authentication interceptor. It authenticates calls that no gate has authenticated, and ends streams with their
 * credential. Right before the next interceptor, it checks that the credential is valid and that the caller waits.
 */
export function createAuthenticationInterceptor(authenticate: Authenticate, asyncContext: boolean): Interceptor {
  const scope = createCallerScope(asyncContext);

  function proceed(caller: AuthContext | undefined, call: AuthCall, req: AnyRequest, next: Next): ReturnType<Next> {
    checkWaiting(req.signal);
    const answer = req.stream ? callStream(scope, caller, req, next) : scope.run(caller, () => next(req));
    return call.responseHeader === undefined ? answer : withHeader(answer, call.responseHeader);
  }

  // Not async: a cached credential needs no wait.
  const interceptor: Interceptor = (next) => (req) => {
    const { method, header, contextValues: values, signal, requestMethod } = req;
    try {
      const call: AuthCall = { method, header, values, signal, requestMethod };
      const pending = authenticate(call);
      if (!(pending instanceof Promise)) return proceed(pending, call, req, next);
      return pending.then((caller) => {
        checkStanding(values);
        return proceed(caller, call, req, next);
      });
    } catch (error) {
      return Promise.reject(error);
    }
  };
  interceptors.add(interceptor);
  return interceptor;
}

/** Adds the headers of a scheme to the response. */
async function withHeader(answer: ReturnType<Next>, header: Headers): ReturnType<Next> {
  const res = await answer;
  for (const [name, value] of header) res.header.set(name, value);
  return res;
}

function callStream(scope: CallerScope, caller: AuthContext | undefined, req: StreamRequest, next: Next) {
  return endWithCredential(req, undefined, async (ending) => {
    const res = await scope.run(caller, () => next(ending));
    return res.stream ? { ...res, message: scope.iterate(caller, res.message) } : res;
  });
}
