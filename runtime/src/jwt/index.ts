export type { ClaimPath } from "./claims-mapping.js";
export { createJwtAuthInterceptor, type JwtAuthInterceptorOptions } from "./create-jwt-auth-interceptor.js";
export { jwt } from "./jwt.js";
export type { ClaimsMapping, JwtOptions } from "./jwt-options.js";
export type { PublicKey } from "./key-source.js";
export type { RemoteKeySetOptions } from "./remote-key-set.js";
