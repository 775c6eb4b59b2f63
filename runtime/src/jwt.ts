export { createJwtAuthInterceptor } from "./interceptors/create-jwt-auth-interceptor.js";
export type { ClaimsMapping } from "./jwt/claims-mapping.js";
export { jwt } from "./jwt/jwt.js";
export type { JwtIssuerOptions, JwtOptions } from "./jwt/jwt-options.js";
export { type SignedTokenTrustOptions, signedTokenTrust } from "./jwt/signed-token-trust.js";
export type { RemoteKeySetOptions } from "./keys/key-set-options.js";
export type { SecurityEvent, SecurityEventOptions } from "./security-events/security-event-options.js";
export { securityEventReceiver } from "./security-events/security-event-receiver.js";
