import { decodeJwt } from "jose";
import { InvalidCredentialError } from "../errors/invalid-credential-error.js";
import { refusalOf } from "../keys/refusal.js";
import { sha256 } from "../platform/sha256.js";
import type { TokenSchemes } from "../proofs/proof-of-possession.js";
import type { AuthScheme, Credential } from "../schemes/scheme.js";
import type { CacheOptions } from "../store/cache-options.js";
import { type JwtIssuerOptions, type JwtIssuers, readJwtIssuers } from "./jwt-options.js";
import { createTokenVerifier, type TokenVerifier } from "./token-verifier.js";

/** Verifies each token with the keys of its issuer. */
export interface IssuerDirectory
  extends Required<Pick<AuthScheme, "fingerprint" | "accepts" | "isCurrent" | "warmUp">> {
  /** Wraps an unverified token as a credential. */
  present(token: string): Credential;
  /** The authentication schemes of tokens that demand a proof of possession. Undefined if none does: all come as Bearer. */
  readonly schemes: TokenSchemes | undefined;
}

/**
 * Creates a directory of one issuer, or of several, each bound to its own keys.
 *
 * @param cache - the cache of the scheme.
 * @throws TypeError for a misconfiguration.
 */
export function createIssuerDirectory(
  options: JwtIssuerOptions | JwtIssuers,
  owner: string,
  cache: CacheOptions | false,
): IssuerDirectory {
  if (!Object.hasOwn(Object(options), "issuers")) {
    const verifier = createTokenVerifier(options as JwtIssuerOptions, owner);
    checkNamespace([verifier], cache);
    return directoryOfOne(verifier);
  }
  const { issuers } = readJwtIssuers(options as JwtIssuers, owner);
  const verifiers: TokenVerifier[] = [];
  const byName = new Map<string, TokenVerifier & { readonly id: string }>();
  for (const [i, issuer] of issuers.entries()) {
    const verifier = createTokenVerifier(issuer, `issuers[${i}]`);
    if (verifier.issuers === undefined)
      throw new TypeError(`issuers[${i}].issuer: missing; write the iss of its tokens`);
    for (const name of verifier.issuers) {
      if (byName.has(name))
        throw new TypeError(`issuers[${i}].issuer: ${JSON.stringify(name)} is listed twice; keep one`);
      byName.set(name, {
        ...verifier,
        id: String(i),
        async verify(token) {
          const { identity, vouchedBy } = await verifier.verify(token);
          return { identity, vouchedBy: JSON.stringify([name, vouchedBy ?? null]) };
        },
      });
    }
    verifiers.push(verifier);
  }
  checkNamespace(verifiers, cache);
  function find(token: string): TokenVerifier & { readonly id: string } {
    const issuer = byName.get(issuerOf(token));
    if (issuer === undefined) throw new InvalidCredentialError("unknown issuer", { reason: "issuer", final: true });
    return issuer;
  }
  return {
    schemes: schemesOf(verifiers, (token) => find(token)),
    fingerprint: sha256([...byName.values()].map(({ fingerprint }) => fingerprint).join("\n")),
    accepts: verifiers.map(({ accepts }) => accepts),
    isCurrent(vouchedBy) {
      const [name, key] = JSON.parse(vouchedBy) as [string, string | null];
      const verifier = byName.get(name);
      return verifier !== undefined && (key === null || verifier.isCurrent?.(key) === true);
    },
    async warmUp() {
      await Promise.all(verifiers.map(({ warmUp }) => warmUp()));
    },
    // Lazy: a cached token is never decoded.
    present: (token) => ({
      key: token,
      presented: token,
      issuer: () => find(token).id,
      verify: async () => find(token).verify(token),
    }),
  };
}

/** With one issuer, cache entries hold no issuer name, so `isCurrent` gets the key name alone. */
function directoryOfOne(verifier: TokenVerifier): IssuerDirectory {
  const { fingerprint, accepts, verify, warmUp, isCurrent = () => false } = verifier;
  return {
    schemes: schemesOf([verifier], () => verifier),
    fingerprint: sha256(fingerprint),
    accepts: [accepts],
    warmUp,
    isCurrent,
    present: (token) => ({ key: token, presented: token, verify: () => verify(token) }),
  };
}

/**
 * Functions cannot be compared: with `checkClaims`, the namespace says which servers have the same one. Fingerprints separate
 * all other options, also within a namespace.
 *
 * @throws TypeError for a store without a namespace.
 */
function checkNamespace(verifiers: readonly TokenVerifier[], cache: CacheOptions | false): void {
  const { store, namespace } = Object(cache) as CacheOptions;
  if (store === undefined || namespace !== undefined || !verifiers.some(({ hasOwnCheck }) => hasOwnCheck)) return;
  throw new TypeError(
    "cache.namespace: needed with a store and checkClaims. Give servers with the same check one name",
  );
}

function schemesOf(
  verifiers: readonly TokenVerifier[],
  find: (token: string) => TokenVerifier,
): TokenSchemes | undefined {
  const possessions = verifiers.map(({ possession }) => possession);
  const first = possessions.find((one) => one !== undefined);
  return first?.compileSchemes({ possessions, possessionOf: (token) => find(token).possession });
}

/** Returns the unverified `iss`. Use it only to choose the keys. */
function issuerOf(token: string): string {
  try {
    const { iss } = decodeJwt(token);
    if (typeof iss === "string") return iss;
  } catch (error) {
    throw refusalOf(error);
  }
  throw new InvalidCredentialError("no issuer", { reason: "issuer", final: true });
}
