import type { Interceptor } from "@connectrpc/connect";
import type { AuthContext } from "../context/auth-context.js";
import { setAuthHeaders, stripIdentityHeaders } from "../context/auth-headers.js";
import { headerName } from "../headers/header-name.js";
import { anything, required, text, withDefault } from "../options/check.js";
import { type OptionTable, readOptions } from "../options/read-options.js";

export interface ClientGatewayOptions {
  /** The caller to forward: an identity, or a function such as `getAuthContext`. If it returns undefined, none is sent. */
  readonly identity: AuthContext | (() => AuthContext | undefined);
  /** The secret of the server's `trustSource`. */
  readonly secret: string | undefined;
  /** Header of the secret. Default: `x-gateway-secret`. */
  readonly header?: string;
  /** Names of the claims to send. Default: none. */
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
 * Forwards the caller's identity to a service with the scheme `gateway({ trustSource: { header, secrets } })` and no mapping.
 *
 * Replaces identity headers that are already set. Without a caller, removes them and the secret. A call fails with a
 * `RangeError` if the identity is too large for its headers.
 *
 * @throws TypeError for a misconfiguration.
 *
 * @example
 * const transport = createConnectTransport({
 *   baseUrl: "http://orders:8080",
 *   interceptors: [createClientGatewayInterceptor({ identity: getAuthContext, secret: process.env["GATEWAY_SECRET"] })],
 * });
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
