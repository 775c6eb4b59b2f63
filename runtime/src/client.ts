export { type ClientBearerOptions, createClientBearerInterceptor } from "./client/create-client-bearer-interceptor.js";
export {
  type ClientGatewayOptions,
  createClientGatewayInterceptor,
} from "./client/create-client-gateway-interceptor.js";
export { type SharedTokenOptions, sharedToken } from "./client/shared-token.js";
export type { BearerToken, TokenAnswer, TokenProvider } from "./client/token-provider.js";
