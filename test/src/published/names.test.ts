import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { expect, test } from "vitest";
import { root } from "./run.js";

const require = createRequire(import.meta.url);
const ts = createRequire(require.resolve("@bufbuild/protoplugin"))(
  "typescript",
) as typeof import("@ts-morph/common").ts;

/** Every name that users can import. A name is added here on purpose, or not at all; the root has at most 70. */
const names: Readonly<Record<string, { readonly values: string; readonly types: string }>> = {
  ".": {
    values: `
    assertAuthorized authContextKey authorizeMethods AuthzDeniedError can createAuth createAuthInterceptor
    createAuthzInterceptor createGatewayAuthInterceptor createInternalAuthInterceptor createJwtAuthInterceptor
    createProtoAuthzInterceptor createRevocations createSessionAuthInterceptor createTrial credentials gateway getAuthContext
    getInternalMethods getPublicMethods InvalidCredentialError jwt meshIdentityTrust parseAuthHeaders peerKey
    recordPeer requireAuthContext session setAuthHeaders sharedSecretTrust signedTokenTrust`,
    types: `
    Auth AuthContext AuthContextInit AuthLimits AuthScheme AuthzDenialReason AuthzRequest AuthzRule CacheOptions
    CacheStore ClaimsMapping CreateAuthOptions Credential CredentialsOptions CredentialSource DecisionEvent
    GatewayOptions Grants GrantsCacheOptions HeaderMapping InvalidCredentialReason JwtIssuerOptions JwtOptions
    MessageCheck MethodChecks MethodPatternOf Peer PermissionOf RemoteKeySetOptions Revocation RevocationOptions Revocations
    ServiceChecks ServicePolicy SessionOptions SharedSecretTrustOptions SignedTokenTrustOptions TrialDifference
    TrustSource`,
  },
  "./policy": {
    values: `
    can createPolicyIndex createRoleHierarchy decide getInternalMethods getPublicMethods`,
    types: `
    Caller ConditionCaller ConditionTime Decision DenialReason InternalMethodOf MatchScope MethodOf MethodPathOf
    MethodPatternOf MethodPolicy PermissionOf PolicyCondition PolicyIndex PolicyResource PublicMethodOf RequestOf
    RoleHierarchy RoleOf ScopeOf ServicePolicy`,
  },
  "./jwt": {
    values: `
    certificateBound createJwtAuthInterceptor dpop jwt securityEventReceiver signedTokenTrust`,
    types: `
    ClaimsMapping DpopNonceOptions DpopOptions JwtIssuerOptions JwtOptions ProofOfPossession RemoteKeySetOptions
    ReplayStore SecurityEvent SecurityEventOptions SignedTokenTrustOptions`,
  },
  "./introspection": {
    values: "introspection",
    types: "IntrospectionOptions",
  },
  "./client": {
    values: `
    createClientBearerInterceptor createClientDpopInterceptor createClientGatewayInterceptor createDpopKeyPair
    createDpopProof sharedToken`,
    types: `
    BearerToken ClientBearerOptions ClientDpopOptions ClientGatewayOptions DpopKeyPair DpopProofOptions
    SharedTokenOptions TokenAnswer TokenProvider`,
  },
  "./testing": {
    values: `
    accessMatrix checkCoverage checkWiring createMockAuthContext createTestJwt createTestKeyPair expectAccess replay
    startTestKeySet TEST_JWT_SECRET withAuthContext`,
    types: `
    Coverage MockAuthContextInit Replay ReplayDifference ReplayOptions TestCaller TestJwtOptions TestKeyAlgorithm TestKeyPair TestKeySet TestKeySetFailure
    WiredServer WiringOptions`,
  },
};

const { exports } = JSON.parse(readFileSync(join(root, "runtime/package.json"), "utf8"));
const program = ts.createProgram(
  Object.keys(names).map((entry) => join(root, "runtime", exports[entry].types)),
  { module: ts.ModuleKind.NodeNext, moduleResolution: ts.ModuleResolutionKind.NodeNext, skipLibCheck: true },
);
const checker = program.getTypeChecker();

test.each(Object.entries(names))("%s exports the names of the list, and no others", (entry, { values, types }) => {
  const file = program.getSourceFile(join(root, "runtime", exports[entry].types));
  const module = file && checker.getSymbolAtLocation(file);
  const found = module === undefined ? [] : checker.getExportsOfModule(module);
  const namesOf = (isValue: boolean) =>
    found
      .filter((symbol) => {
        const target = symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
        return ((target.flags & ts.SymbolFlags.Value) !== 0) === isValue;
      })
      .map(({ name }) => name)
      .sort();
  expect({ values: namesOf(true), types: namesOf(false) }).toEqual({ values: listOf(values), types: listOf(types) });
});

test("the root has at most 70 names", () => {
  const { values = "", types = "" } = names["."] ?? {};
  expect(listOf(`${values} ${types}`).length).toBeLessThanOrEqual(70);
});

function listOf(text: string): string[] {
  return text.trim().split(/\s+/).sort();
}
