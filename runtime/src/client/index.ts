export { type ClientBearerOptions, createClientBearerInterceptor } from "./create-client-bearer-interceptor.js";
export { type ClientGatewayOptions, createClientGatewayInterceptor } from "./create-client-gateway-interceptor.js";
export { type SharedTokenOptions, sharedToken } from "./shared-token.js";
export type { BearerToken, TokenAnswer, TokenProvider } from "./token-provider.js";
