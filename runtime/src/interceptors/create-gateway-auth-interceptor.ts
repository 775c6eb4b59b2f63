import type { Interceptor } from "@connectrpc/connect";
import type { AuthenticationOptions } from "../authentication/authentication-options.js";
import { type GatewayOptions, gateway } from "../schemes/gateway.js";
import { authenticateBy } from "./authenticate-by.js";

export interface GatewayAuthInterceptorOptions extends GatewayOptions, AuthenticationOptions {}

/**
 * Takes callers from the identity headers of a gateway. Goes before other authentication interceptors, which remove
 * those headers.
 *
 * @throws TypeError for a misconfiguration.
 */
export function createGatewayAuthInterceptor(options: GatewayAuthInterceptorOptions): Interceptor {
  return authenticateBy(options, gateway);
}
