import { Code, ConnectError, type Interceptor, type StreamRequest } from "@connectrpc/connect";
import { authContextKey } from "../context/auth-context.js";
import { stateOf } from "./call-state.js";
import { CredentialDeadline, type Watch } from "./credential-deadline.js";
import { checkStanding, checkWaiting, expiryOf } from "./standing.js";
import { endsWith } from "./stream-endings.js";

type Answer = ReturnType<ReturnType<Interceptor>>;

/**
 * Runs a streaming call, and ends it when its credential expires or is revoked: at the next message or within a second, and for
 * a revocation by another instance within the interval of the revocations. The option `streams` may leave out either.
 *
 * @param watchAccess - ends the stream for other reasons, too. It gets a function that ends the stream, and returns how to stop.
 * @param call - runs the call with the given request.
 */
export async function endWithCredential(
  req: StreamRequest,
  watchAccess: Watch | undefined,
  call: (req: StreamRequest) => Answer,
): Answer {
  const { contextValues: values, signal } = req;
  const { standing } = stateOf(values);
  const caller = values.get(authContextKey);
  const streams = standing?.streams ?? "all";
  const expires = caller !== undefined && endsWith(streams, "expiry");
  const expiresAt = expires ? expiryOf(caller) : Number.POSITIVE_INFINITY;
  // Other code may have established the identity.
  const isOwn = caller === undefined || caller === standing?.context;
  const isGuarded = isOwn
    ? standing?.guarded !== false
    : standing === undefined && expiresAt === Number.POSITIVE_INFINITY;
  if (isGuarded && watchAccess === undefined) return call(req);
  if (standing !== undefined) standing.guarded = true;
  // The identity of the credential needs one check. Streams have many messages.
  const check = isOwn && standing !== undefined ? () => standing.checkOpen() : () => checkStanding(values, true);
  const watches = [
    watchAccess,
    // An interceptor before this one watches the credential already.
    isGuarded ? undefined : (end: (error: unknown) => void) => standing?.watch(end),
  ].filter((watch) => watch !== undefined);
  const deadline = new CredentialDeadline(expiresAt, signal, check, watches);
  // connect reads this message before it calls the handler: the caller must still wait.
  const isRead = req.method.methodKind === "server_streaming";
  const message = deadline.iterate(req.message, isRead ? () => checkWaiting(signal) : undefined);
  const res = await deadline.guard(call({ ...req, message } as StreamRequest));
  if (!res.stream) throw new ConnectError("a stream was answered with a single message", Code.Internal);
  return { ...res, message: deadline.iterate(res.message) };
}
