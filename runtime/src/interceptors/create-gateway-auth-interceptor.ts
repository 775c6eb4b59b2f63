import type { Interceptor } from "@connectrpc/connect";
import type { AuthenticationOptions } from "../authentication/authentication-options.js";
import { type GatewayOptions, gateway } from "../schemes/gateway.js";
import { authenticateBy } from "./authenticate-by.js";

export interface GatewayAuthInterceptorOptions extends GatewayOptions, AuthenticationOptions {}

/**
 * Authenticates callers by the identity headers of a trusted gateway. Install it before other authentication interceptors,
 * because they remove those headers.
 *
 * @throws TypeError for a misconfiguration.
 *
 * @example
 * const authentication = createGatewayAuthInterceptor({
 *   headerMapping: { subject: "x-user-id", roles: "x-user-roles" },
 *   trustSource: { header: "x-gateway-secret", secrets: process.env["GATEWAY_SECRET"] },
 * });
 */
export function createGatewayAuthInterceptor(options: GatewayAuthInterceptorOptions): Interceptor {
  return authenticateBy(options, gateway);
}
