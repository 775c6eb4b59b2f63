export type { AuthLimits } from "./authentication/limits.js";
export { assertAuthorized } from "./authorization/assert-authorized.js";
export {
  authorizeMethods,
  type MessageCheck,
  type MethodChecks,
  type ServiceChecks,
} from "./authorization/authorize-methods.js";
export type { AuthzRequest } from "./authorization/authz-request.js";
export type { AuthzRule } from "./authorization/authz-rule.js";
export type { DecisionEvent } from "./authorization/decision-event.js";
export type { Grants, GrantsCacheOptions } from "./authorization/grants.js";
export type { CredentialSource } from "./call/credential-source.js";
export { type Peer, peerKey, recordPeer } from "./call/peer.js";
export { type AuthContext, type AuthContextInit, authContextKey } from "./context/auth-context.js";
export { parseAuthHeaders, setAuthHeaders } from "./context/auth-headers.js";
export { getAuthContext, requireAuthContext } from "./context/current.js";
export { type Auth, type CreateAuthOptions, createAuth } from "./create-auth.js";
export { type AuthzDenialReason, AuthzDeniedError } from "./errors/authz-denied-error.js";
export { InvalidCredentialError, type InvalidCredentialReason } from "./errors/invalid-credential-error.js";
export type { HeaderMapping } from "./headers/header-mapping.js";
export { createAuthInterceptor } from "./interceptors/create-auth-interceptor.js";
export { createAuthzInterceptor, createProtoAuthzInterceptor } from "./interceptors/create-authz-interceptor.js";
export { createGatewayAuthInterceptor } from "./interceptors/create-gateway-auth-interceptor.js";
export { createInternalAuthInterceptor } from "./interceptors/create-internal-auth-interceptor.js";
export { createJwtAuthInterceptor } from "./interceptors/create-jwt-auth-interceptor.js";
export { createSessionAuthInterceptor } from "./interceptors/create-session-auth-interceptor.js";
export { jwt } from "./jwt/jwt.js";
export type { JwtIssuerOptions, JwtOptions } from "./jwt/jwt-options.js";
export { type SignedTokenTrustOptions, signedTokenTrust } from "./jwt/signed-token-trust.js";
export type { RemoteKeySetOptions } from "./keys/key-set-options.js";
export { can } from "./policy/can.js";
export { getInternalMethods, getPublicMethods } from "./policy/methods-of.js";
export type { MethodPatternOf, PermissionOf, ServicePolicy } from "./policy/service-policy.js";
export { createTrial, type TrialDifference } from "./replay/create-trial.js";
export type { ClaimsMapping } from "./schemes/claims-mapping.js";
export { type CredentialsOptions, credentials } from "./schemes/credentials.js";
export { type GatewayOptions, gateway } from "./schemes/gateway.js";
export { meshIdentityTrust } from "./schemes/mesh-identity-trust.js";
export type { AuthScheme, Credential } from "./schemes/scheme.js";
export { type SessionOptions, session } from "./schemes/session.js";
export { type SharedSecretTrustOptions, sharedSecretTrust } from "./schemes/shared-secret-trust.js";
export type { CacheOptions, CacheStore } from "./store/cache-options.js";
export type { Revocation } from "./store/revocation-names.js";
export { createRevocations, type RevocationOptions, type Revocations } from "./store/revocations.js";
export type { TrustSource } from "./trust/trust-source.js";
