import { InvalidCredentialError } from "../errors/invalid-credential-error.js";
import { checkBearerToken, findBearerToken } from "../headers/bearer-token.js";
import { checkObject, ownMembers } from "../options/read-options.js";
import { sha256 } from "../platform/sha256.js";
import { rejectBoundToken } from "../proofs/bound-token.js";
import { compileClaimsMapping } from "../schemes/claims-mapping.js";
import type { AuthScheme, Verified } from "../schemes/scheme.js";
import { checkClaims } from "./check-claims.js";
import { UnsupportedTokenError } from "./fetch-json.js";
import { createIntrospectionEndpoint } from "./introspection-endpoint.js";
import { type IntrospectionOptions, readIntrospectionOptions } from "./introspection-options.js";
import { isJwtForm } from "./token-form.js";

/** Default of `cache.ttl`, in milliseconds. */
const defaultTtl = 30_000;

/**
 * Authenticates callers by Bearer tokens that their issuer describes (token introspection, RFC 7662), such as opaque tokens.
 *
 * A call is `unauthenticated` if the issuer does not know the token as active, and `unavailable` while the issuer cannot be asked
 * or refuses this server as a client.
 *
 * @throws TypeError for a misconfiguration.
 *
 * @example
 * const auth = createAuth({
 *   policies,
 *   authenticate: introspection({
 *     issuer: "https://login.example.com",
 *     audience: "shop",
 *     clientId: "shop-api",
 *     clientSecret: process.env["INTROSPECTION_SECRET"],
 *   }),
 * });
 */
export function introspection(options: IntrospectionOptions): AuthScheme {
  const own = readIntrospectionOptions(options);
  const { name, issuer, tokens, claimsMapping, clientPrefix, clientId } = own;
  const audiences = own.audience === undefined ? undefined : ([own.audience].flat() as string[]);
  const isOpaque = tokens === "opaque";
  const endpoint = createIntrospectionEndpoint(own);
  const toIdentity = compileClaimsMapping(claimsMapping, (claims) => {
    const isClient = clientPrefix !== undefined && Object.hasOwn(claims, "client_id");
    return isClient ? `${clientPrefix}${claims["client_id"]}` : undefined;
  });
  const { clockTolerance, allowMissingTokenType, allowBoundTokens, allowUnboundTokens, proofs = [] } = own;
  const possession = proofs[0]?.compile(proofs, allowUnboundTokens);
  const schemes = possession?.compileSchemes({ possessions: [possession], possessionOf: () => possession });
  const checkBinding = possession?.checkClaims ?? (allowBoundTokens ? undefined : rejectBoundToken);
  const takesDpop = allowBoundTokens || proofs.some(({ scheme }) => scheme === "DPoP");
  const tokenTypes = takesDpop ? ["bearer", "dpop"] : ["bearer"];
  const requirements = { issuer, audiences, clockTolerance, allowMissingTokenType, tokenTypes };
  // Another process must not take a token that is accepted here only with a proof.
  const binding = [allowBoundTokens, allowUnboundTokens, proofs.map(({ member }) => member)];

  async function verify(token: string): Promise<Verified> {
    checkBearerToken(token);
    const claims = await endpoint.describe(token).catch((cause) => {
      if (!(cause instanceof UnsupportedTokenError)) throw cause;
      throw new InvalidCredentialError("not a token that is introspected", { reason: "unknown", final: true, cause });
    });
    // Final, so that a client with an old token does not cause a request for every call: the refusal is kept for ten seconds.
    if (claims["active"] !== true) throw new InvalidCredentialError("not active", { reason: "unknown", final: true });
    const expiresAt = checkClaims(claims, requirements);
    checkBinding?.(claims);
    return { identity: { ...toIdentity(claims), expiresAt } };
  }

  return {
    name,
    challenge: schemes?.challenges ?? "Bearer",
    metadata: schemes?.metadata ?? {},
    takesBearer: isOpaque ? "opaque" : true,
    trustedHeaders: [],
    cache: readCache(own.cache),
    fingerprint: sha256(JSON.stringify([endpoint.name, clientId, requirements, binding, claimsMapping, clientPrefix])),
    accepts: [
      {
        by: "bearer token",
        only: {
          form: isOpaque ? ["opaque"] : undefined,
          endpoint: [endpoint.name],
          iss: issuer === undefined ? undefined : [issuer],
          aud: audiences,
        },
      },
    ],
    warmUp: endpoint.warmUp,
    read(source) {
      const found = schemes === undefined ? readBearer(source.header) : schemes.read(source);
      if (found === undefined || (isOpaque && isJwtForm(found.token))) return undefined;
      const { token, prove } = found;
      return { key: token, presented: token, verify: () => verify(token), ...(prove && { prove }) };
    },
  };
}

function readBearer(header: Headers): { readonly token: string; readonly prove?: undefined } | undefined {
  const token = findBearerToken(header);
  return token === undefined ? undefined : { token };
}

/** The default lifetime is shorter than that of other schemes: the issuer alone knows that a token was revoked. */
function readCache(cache: IntrospectionOptions["cache"]): AuthScheme["cache"] {
  if (cache === false) return false;
  checkObject("cache", cache);
  const own = ownMembers(cache);
  return own.ttl === undefined ? { ...own, ttl: defaultTtl } : own;
}
