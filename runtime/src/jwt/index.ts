export type { ClaimPath } from "./claims-mapping.js";
export { createJwtAuthInterceptor, type JwtAuthInterceptorOptions } from "./create-jwt-auth-interceptor.js";
export { jwt } from "./jwt.js";
export type { ClaimsMapping, JwtIssuerOptions, JwtIssuers, JwtOptions, JwtSchemeOptions } from "./jwt-options.js";
export type { RemoteKeySetOptions } from "./key-set-options.js";
export type { PublicKey } from "./public-key.js";
export { type SignedTokenTrustOptions, signedTokenTrust } from "./signed-token-trust.js";
