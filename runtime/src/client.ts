export { type ClientBearerOptions, createClientBearerInterceptor } from "./client/create-client-bearer-interceptor.js";
export { type ClientDpopOptions, createClientDpopInterceptor } from "./client/create-client-dpop-interceptor.js";
export {
  type ClientGatewayOptions,
  createClientGatewayInterceptor,
} from "./client/create-client-gateway-interceptor.js";
export { createDpopProof, type DpopProofOptions } from "./client/create-dpop-proof.js";
export { createDpopKeyPair, type DpopKeyPair } from "./client/dpop-key-pair.js";
export { type SharedTokenOptions, sharedToken } from "./client/shared-token.js";
export type { BearerToken, TokenAnswer, TokenProvider } from "./client/token-provider.js";
