import type { Interceptor } from "@connectrpc/connect";
import type { AuthContext } from "../context/auth-context.js";
import { setAuthHeaders, stripIdentityHeaders } from "../context/auth-headers.js";
import { headerName } from "../headers/header-name.js";
import { anything, required, text, withDefault } from "../options/check.js";
import { type OptionTable, readOptions } from "../options/read-options.js";

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

const gatewayOptions = (): OptionTable<ClientGatewayOptions, "header" | "claims"> => ({
  identity: required({
    accepts: (value) => typeof value === "function" || typeof Object(value).subject === "string",
    expected: "an AuthContext, or a function that returns one, such as getAuthContext",
  }),
  secret: required(text),
  header: withDefault(anything, "x-gateway-secret"),
  claims: withDefault({ accepts: Array.isArray, expected: "a list of claim names" }, []),
});

/**
 * Names the caller to a service behind this one, whose scheme is `gateway({ trustSource: { header, secrets } })` without a
 * mapping. Identity headers that were set before are replaced; a call for nobody carries none, and no secret. A call
 * fails with a `RangeError` where the identity is too large to be sent whole.
 *
 * @throws TypeError for a misconfiguration.
 */
export function createClientGatewayInterceptor(options: ClientGatewayOptions): Interceptor {
  const own = readOptions("createClientGatewayInterceptor", options, gatewayOptions);
  const { identity, secret, claims } = own;
  const header = headerName(own.header, "header");
  return (next) => (req) => {
    const context = typeof identity === "function" ? identity() : identity;
    if (context !== undefined) {
      setAuthHeaders(req.header, context, claims);
      req.header.set(header, secret as string);
      return next(req);
    }
    stripIdentityHeaders(req.header);
    req.header.delete(header);
    return next(req);
  };
}
