export type { Acceptance } from "./authentication/acceptance.js";
export { InvalidCredentialError } from "./authentication/authentication-error.js";
export type { AuthenticationOptions } from "./authentication/authentication-options.js";
export type { CacheOptions, CacheStore } from "./authentication/cache-options.js";
export { type AuthInterceptorOptions, createAuthInterceptor } from "./authentication/create-auth-interceptor.js";
export {
  createGatewayAuthInterceptor,
  type GatewayAuthInterceptorOptions,
} from "./authentication/create-gateway-auth-interceptor.js";
export {
  createInternalAuthInterceptor,
  type InternalAuthInterceptorOptions,
} from "./authentication/create-internal-auth-interceptor.js";
export {
  createSessionAuthInterceptor,
  type SessionAuthInterceptorOptions,
} from "./authentication/create-session-auth-interceptor.js";
export type { AuthLimits } from "./authentication/limits.js";
export { type Peer, type PeerCertificate, type PeerRequest, peerKey, recordPeer } from "./authentication/peer.js";
export {
  createRevocations,
  type Revocation,
  type RevocationOptions,
  type Revocations,
} from "./authentication/revocations.js";
export type { AuthScheme, Credential, CredentialSource, Verified } from "./authentication/scheme.js";
export { type CredentialsOptions, credentials } from "./authentication/schemes/credentials.js";
export { type GatewayOptions, gateway } from "./authentication/schemes/gateway.js";
export type { HeaderMapping } from "./authentication/schemes/header-mapping.js";
export { type MeshIdentityTrustOptions, meshIdentityTrust } from "./authentication/schemes/mesh-identity-trust.js";
export { type SessionOptions, session } from "./authentication/schemes/session.js";
export { type SharedSecretTrustOptions, sharedSecretTrust } from "./authentication/schemes/shared-secret-trust.js";
export type { Secrets } from "./authentication/secret-matcher.js";
export type { TrustSource } from "./authentication/trust-source.js";
export { assertAuthorized } from "./authorization/assert-authorized.js";
export {
  authorizeMethods,
  type CheckOf,
  type MessageCheck,
  type MethodChecks,
  type OpeningCheck,
  type ServiceChecks,
  type StreamChecks,
} from "./authorization/authorize-methods.js";
export { type AuthzDeniedDetails, AuthzDeniedError } from "./authorization/authz-denied-error.js";
export type { AuthzOptions, DecisionOptions, EnforcementOptions } from "./authorization/authz-options.js";
export type { AuthzRequest } from "./authorization/authz-request.js";
export type { AuthzRule } from "./authorization/authz-rule.js";
export {
  type AuthzInterceptorOptions,
  createAuthzInterceptor,
  createProtoAuthzInterceptor,
  type ProtoAuthzInterceptorOptions,
} from "./authorization/create-authz-interceptor.js";
export type { DecisionEvent } from "./authorization/decision-event.js";
export type { AuthzDenialReason, Decider, Question } from "./authorization/verdict.js";
export { type AuthContext, type AuthContextInit, authContextKey } from "./context/auth-context.js";
export { parseAuthHeaders, setAuthHeaders } from "./context/auth-headers.js";
export { getAuthContext, requireAuthContext } from "./context/current.js";
export { type Auth, type CreateAuthOptions, createAuth } from "./create-auth.js";
export * from "./jwt/index.js";
export * from "./policy/index.js";
