export { type ClientBearerOptions, createClientBearerInterceptor } from "./create-client-bearer-interceptor.js";
export { type ClientGatewayOptions, createClientGatewayInterceptor } from "./create-client-gateway-interceptor.js";
export type { BearerToken, TokenProvider } from "./token-source.js";
