import { Code, ConnectError, type Interceptor } from "@connectrpc/connect";
import { checkOptionNames } from "../option-names.js";
import { createPolicyIndex } from "../policy/policy-index.js";
import type { ServicePolicy } from "../policy/service-policy.js";
import { createTokenSource, isBearerToken, type TokenProvider } from "./token-source.js";

export interface ClientBearerOptions {
  /**
   * The token, or who gives it: asked for every call, once for those that wait at the same time, and not before
   * `expiresAt` where it says so. Null or undefined from a provider: the call goes without a token.
   */
  readonly token: string | undefined | TokenProvider;
  /** Tables of the services that are called; methods that are public there are called without the token. By default, none. */
  readonly policies?: readonly ServicePolicy[];
  /** Sends the token to public methods as well, for those that like to know who is calling. By default, false. */
  readonly sendToPublic?: boolean;
  /** Origins that may see the token: `https://api.example.com`. Calls to others go without it. By default, any. */
  readonly allowedOrigins?: readonly string[];
}

const optionNames: Readonly<Record<keyof ClientBearerOptions, true>> = {
  token: true,
  policies: true,
  sendToPublic: true,
  allowedOrigins: true,
};

/**
 * Sends `Authorization: Bearer` (RFC 6750 section 2.1) with calls that do not carry an `Authorization` header yet.
 *
 * @throws TypeError for a misconfiguration.
 */
export function createClientBearerInterceptor(options: ClientBearerOptions): Interceptor {
  checkOptionNames(options, optionNames, "createClientBearerInterceptor");
  const { token, sendToPublic = false, allowedOrigins } = options;
  if (typeof token !== "function" && !isBearerToken(token)) {
    throw new TypeError(
      "token: expected a Bearer token or a function that gives one; is an environment variable missing?",
    );
  }
  const source = createTokenSource(typeof token === "function" ? token : () => token);
  const index = createPolicyIndex(
    Object.hasOwn(options, "policies") ? (options.policies as readonly ServicePolicy[]) : [],
  );
  const origins = allowedOrigins && new Set(checkOrigins(allowedOrigins));

  return (next) => async (req) => {
    const isPublic = index.lookup(req.service.typeName, req.method.name)?.access === "public";
    if (req.header.has("authorization") || (isPublic && !sendToPublic)) return next(req);
    if (origins !== undefined && !origins.has(new URL(req.url).origin)) return next(req);
    const current = await source.get();
    if (current === undefined) return next(req);
    req.header.set("authorization", `Bearer ${current}`);
    try {
      return await next(req);
    } catch (error) {
      if (ConnectError.from(error).code === Code.Unauthenticated) source.forget(current);
      throw error;
    }
  };
}

function checkOrigins(origins: readonly string[]): readonly string[] {
  if (!Array.isArray(origins) || origins.length === 0)
    throw new TypeError("allowedOrigins: expected a list of origins");
  for (const origin of origins) {
    if (!URL.canParse(origin) || new URL(origin).origin !== origin) {
      throw new TypeError(
        `allowedOrigins: ${JSON.stringify(origin)} is not an origin such as "https://api.example.com"`,
      );
    }
  }
  return origins;
}
