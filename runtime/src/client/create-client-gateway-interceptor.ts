import type { Interceptor } from "@connectrpc/connect";
import type { AuthContext } from "../context/auth-context.js";
import { setAuthHeaders, stripIdentityHeaders } from "../context/auth-headers.js";
import { headerName } from "../headers/header-name.js";
import { readOptions } from "../options/option-names.js";

export interface ClientGatewayOptions {
  /** Whom the call is for: a function such as `getAuthContext`, undefined for nobody, or always the same. */
  readonly identity: AuthContext | (() => AuthContext | undefined);
  /** The secret that the server's `trustSource` expects. */
  readonly secret: string | undefined;
  /** Header of the secret. By default, `x-gateway-secret`. */
  readonly header?: string;
  /** Names of the claims to send. By default, none. */
  readonly claims?: readonly string[];
}

const optionNames: Readonly<Record<keyof ClientGatewayOptions, true>> = {
  identity: true,
  secret: true,
  header: true,
  claims: true,
};

/**
 * Names the caller to a service behind this one, whose scheme is `gateway({ trustSource: { header, secrets } })` without a
 * mapping. Identity headers that were set before are replaced; a call for nobody carries none, and no secret. A call
 * fails with a `RangeError` where the identity is too large to be sent whole.
 *
 * @throws TypeError for a misconfiguration.
 */
export function createClientGatewayInterceptor(options: ClientGatewayOptions): Interceptor {
  const own = readOptions(options, optionNames, "createClientGatewayInterceptor");
  const { identity, secret, claims = [] } = own;
  const header = headerName(own.header ?? "x-gateway-secret", "header");
  if (typeof secret !== "string" || secret === "") {
    throw new TypeError("secret: set but empty; is an environment variable missing?");
  }
  if (typeof identity !== "function" && typeof identity?.subject !== "string") {
    throw new TypeError("identity: expected an AuthContext, or a function that gives one, such as getAuthContext");
  }
  if (!Array.isArray(claims)) throw new TypeError("claims: expected a list of claim names");
  return (next) => (req) => {
    const context = typeof identity === "function" ? identity() : identity;
    if (context !== undefined) {
      setAuthHeaders(req.header, context, claims);
      req.header.set(header, secret);
      return next(req);
    }
    stripIdentityHeaders(req.header);
    req.header.delete(header);
    return next(req);
  };
}
