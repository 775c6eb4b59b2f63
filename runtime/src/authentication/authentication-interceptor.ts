import { Code, ConnectError, type Interceptor, type StreamRequest } from "@connectrpc/connect";
import type { AuthContext } from "../context/auth-context.js";
import { type CallerScope, createCallerScope } from "../context/current.js";
import { expiredCredentials } from "./authentication-error.js";
import type { Authenticate } from "./authenticator.js";
import { challengesKey } from "./challenge.js";
import { CredentialDeadline } from "./credential-deadline.js";

type Next = ReturnType<Interceptor>;

/** Authenticates calls, unless a gate has, and handles them as their caller: streams as long as the credential lasts. */
export function createAuthenticationInterceptor(authenticate: Authenticate, asyncContext = true): Interceptor {
  if (typeof asyncContext !== "boolean") throw new TypeError("asyncContext: expected true or false");
  const scope = createCallerScope(asyncContext);
  return (next) => async (req) => {
    const { method, header, contextValues: values, signal } = req;
    const pending = authenticate({ method, header, values, signal });
    const caller = pending instanceof Promise ? await pending : pending;
    return req.stream ? callStream(scope, caller, req, next) : scope.run(caller, () => next(req));
  };
}

async function callStream(scope: CallerScope, caller: AuthContext | undefined, req: StreamRequest, next: Next) {
  const expiresAt = caller?.expiresAt?.getTime();
  if (expiresAt === undefined) {
    const res = await scope.run(caller, () => next(req));
    return res.stream ? { ...res, message: scope.iterate(caller, res.message) } : res;
  }
  const challenges = req.contextValues.get(challengesKey);
  const deadline = new CredentialDeadline(expiresAt, req.signal, () => expiredCredentials(challenges));
  const ending = { ...req, message: deadline.iterate(req.message) } as StreamRequest;
  const res = await deadline.guard(scope.run(caller, () => next(ending)));
  if (!res.stream) throw new ConnectError("a stream was answered with a single message", Code.Internal);
  return { ...res, message: deadline.iterate(scope.iterate(caller, res.message)) };
}
