import { Code, ConnectError, type Interceptor } from "@connectrpc/connect";
import { anything, flag, list, withDefault } from "../options/check.js";
import { type OptionTable, readOptions } from "../options/read-options.js";
import type { AnyRequest } from "../platform/any-request.js";
import { createWarning } from "../platform/warn.js";
import { createPolicyIndex } from "../policy/policy-index.js";
import type { ServicePolicy } from "../policy/service-policy.js";
import { compileAllowedOrigins } from "./allowed-origins.js";
import { isBearerToken, providerError, tokenOf } from "./token-answer.js";
import type { TokenProvider } from "./token-provider.js";
import { untilAborted } from "./until-aborted.js";

export interface ClientBearerOptions {
  /**
   * The token, or a function that returns it. Called once per call with its request, so that users never share a token.
   * `sharedToken` keeps one token for all calls. If it returns null or undefined, the call has no token.
   */
  readonly token: string | undefined | TokenProvider;
  /** Tables of the called services. Their public methods are called without the token. Default: none. */
  readonly policies?: readonly ServicePolicy[];
  /** Sends the token to public methods too, for servers that read the optional caller. Default: false. */
  readonly sendToPublic?: boolean;
  /**
   * Origins that may receive the token: `https://api.example.com`. Calls to other origins have no token. A relative `baseUrl`
   * counts as the origin of the page. Default: any.
   */
  readonly allowedOrigins?: readonly string[];
}

const bearerOptions = (): OptionTable<ClientBearerOptions, "policies" | "sendToPublic"> => ({
  token: anything,
  policies: { ...anything, fallback: [] as const },
  sendToPublic: withDefault(flag, false),
  allowedOrigins: list,
});

/**
 * Adds `Authorization: Bearer` (RFC 6750 section 2.1) to calls without an `Authorization` header.
 *
 * A call waits for its token at most until its own timeout or abort. If the provider throws a `ConnectError`, the call fails
 * with it. An outage becomes `unavailable`, any other error `unauthenticated`.
 *
 * @throws TypeError for a misconfiguration.
 *
 * @example
 * const transport = createConnectTransport({
 *   baseUrl: "https://api.example.com",
 *   interceptors: [createClientBearerInterceptor({ token: async () => (await signIn()).accessToken })],
 * });
 */
export function createClientBearerInterceptor(options: ClientBearerOptions): Interceptor {
  const own = readOptions("createClientBearerInterceptor", options, bearerOptions);
  const { token, policies, sendToPublic, allowedOrigins } = own;
  if (typeof token !== "function" && !isBearerToken(token)) {
    throw new TypeError(
      "token: expected a Bearer token or a function that returns one; is an environment variable missing?",
    );
  }
  const tokenFor = typeof token === "function" ? createTokenSource(token) : () => token;
  const forget = typeof token === "function" ? token.forget?.bind(token) : undefined;
  const index = createPolicyIndex(policies);
  const isAllowed = allowedOrigins === undefined ? () => true : compileAllowedOrigins(allowedOrigins);

  return (next) => async (req) => {
    const isPublic = index.lookup(req.service.typeName, req.method.name)?.access === "public";
    if (req.header.has("authorization") || (isPublic && !sendToPublic) || !isAllowed(req.url)) return next(req);
    const current = await tokenFor(req);
    if (current === undefined) return next(req);
    req.header.set("authorization", `Bearer ${current}`);
    if (forget === undefined) return next(req);
    const forgetRefused = (error: unknown) => {
      if (ConnectError.from(error).code === Code.Unauthenticated) forget(current);
      throw error;
    };
    const res = await next(req).catch(forgetRefused);
    return res.stream ? { ...res, message: watch(res.message, forgetRefused) } : res;
  };
}

/** @throws ConnectError */
function createTokenSource(provider: TokenProvider): (req: AnyRequest) => Promise<string | undefined> {
  const warnOfExpiry = createWarning(
    "token: expiresAt has no effect here; write token: sharedToken(...) to keep a token",
  );
  return async (req) => {
    try {
      const answer = await untilAborted(req.signal, () => provider(req));
      if (typeof answer === "object" && answer?.expiresAt) warnOfExpiry();
      return tokenOf(answer);
    } catch (error) {
      throw providerError(error);
    }
  };
}

/** Reports errors of a stream: its rejection arrives only while it is read. */
async function* watch<T>(messages: AsyncIterable<T>, onError: (error: unknown) => never): AsyncIterable<T> {
  try {
    yield* messages;
  } catch (error) {
    onError(error);
  }
}
