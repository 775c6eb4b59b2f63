import { Code, ConnectError, type Interceptor, type StreamRequest } from "@connectrpc/connect";
import type { AuthContext } from "../context/auth-context.js";
import { iterateWithAuthContext, runWithAuthContext } from "../context/current.js";
import { expiredCredentials } from "./authentication-error.js";
import type { Authenticate } from "./authenticator.js";
import { challengesKey } from "./challenge.js";
import { CredentialDeadline } from "./credential-deadline.js";

/** Authenticates calls, unless a gate has, and handles them as their caller: streams as long as the credential lasts. */
export function createAuthenticationInterceptor(authenticate: Authenticate): Interceptor {
  return (next) => async (req) => {
    const { method, header, contextValues: values, signal } = req;
    const pending = authenticate({ method, header, values, signal });
    const context = pending instanceof Promise ? await pending : pending;
    const call = (request: typeof req) => runWithAuthContext(context, () => next(request));
    if (!req.stream) return call(req);
    const expiresAt = context?.expiresAt?.getTime();
    if (expiresAt !== undefined) return callUntil(expiresAt, values.get(challengesKey), context, req, call);
    const res = await call(req);
    return res.stream ? { ...res, message: iterateWithAuthContext(context, res.message) } : res;
  };
}

/** @param expiresAt - milliseconds since the epoch. */
async function callUntil(
  expiresAt: number,
  challenges: readonly string[],
  context: AuthContext | undefined,
  req: StreamRequest,
  call: ReturnType<Interceptor>,
): ReturnType<ReturnType<Interceptor>> {
  const deadline = new CredentialDeadline(expiresAt, () => expiredCredentials(challenges));
  try {
    const res = await deadline.guard(call({ ...req, message: deadline.iterate(req.message) } as StreamRequest));
    if (!res.stream) throw new ConnectError("a stream was answered with a single message", Code.Internal);
    const message = deadline.iterate(iterateWithAuthContext(context, res.message), () => deadline.clear());
    return { ...res, message };
  } catch (error) {
    deadline.clear();
    throw error;
  }
}
