import type { JWTPayload, JWTVerifyOptions } from "jose";
import { InvalidCredentialError } from "../errors/invalid-credential-error.js";
import { checkBearerToken } from "../headers/bearer-token.js";
import { checkCanonicalForm } from "../keys/canonical-form.js";
import { createKeySource } from "../keys/key-source.js";
import { refusalOf } from "../keys/refusal.js";
import { ownMembers } from "../options/read-options.js";
import { isPromiseLike } from "../platform/is-promise-like.js";
import { rejectBoundToken } from "../proofs/bound-token.js";
import type { Possession } from "../proofs/proof-of-possession.js";
import type { Acceptance } from "../schemes/acceptance.js";
import { compileClaimsMapping } from "../schemes/claims-mapping.js";
import { maxExpiration } from "../schemes/max-expiration.js";
import type { Verified } from "../schemes/scheme.js";
import { opaque } from "../trust/opaque.js";
import { type JwtIssuerOptions, readJwtOptions } from "./jwt-options.js";
import { createSignatureVerifier } from "./signature-verifier.js";

/** Verifies the tokens of one issuer with its own keys. */
export interface TokenVerifier {
  /** The accepted `iss`. Undefined: any. */
  readonly issuers: readonly string[] | undefined;
  /** Equal for equal options and keys. Says nothing about the function in `checkClaims`. */
  readonly fingerprint: string;
  /** Whether `checkClaims` is set. */
  readonly hasOwnCheck: boolean;
  /** The set of tokens that it may accept. */
  readonly accepts: Acceptance;
  /** The proofs of possession that its tokens demand. Undefined: none. */
  readonly possession: Possession | undefined;
  verify(token: string): Promise<Verified>;
  /** Fetches the keys. */
  warmUp(): Promise<void>;
  /** Whether the named key may still verify tokens. */
  readonly isCurrent: ((name: string) => boolean) | undefined;
}

/** @throws TypeError for a misconfiguration. */
export function createTokenVerifier(given: JwtIssuerOptions, owner: string): TokenVerifier {
  const options = readJwtOptions(given, owner);
  const keys = createKeySource(options);
  const toIdentity = compileClaimsMapping(options.claimsMapping);
  const { allowBoundTokens, checkClaims, clockTolerance, maxTokenAge, typ } = options;
  const [issuers, audiences] = [options.issuer, options.audience].map((value) =>
    value === undefined ? undefined : ([value].flat() as string[]),
  );
  const verifyOptions: JWTVerifyOptions = ownMembers({
    algorithms: [...keys.algorithms],
    requiredClaims: [...(options.allowMissingExpiration ? [] : ["exp"]), ...(options.requiredClaims ?? [])],
    clockTolerance,
    ...(issuers !== undefined && { issuer: issuers }),
    ...(audiences !== undefined && { audience: audiences }),
    ...(typ !== undefined && { typ }),
    ...(maxTokenAge !== undefined && { maxTokenAge }),
  });

  function expiryOf({ exp, iat }: JWTPayload): Date | undefined {
    if (exp !== undefined && exp > maxExpiration)
      throw new InvalidCredentialError("exp is beyond the year 9999", { reason: "claim" });
    const ends = [
      ...(exp !== undefined ? [exp] : []),
      ...(maxTokenAge !== undefined && iat !== undefined ? [iat + maxTokenAge] : []),
    ];
    return ends.length === 0 ? undefined : new Date((Math.min(...ends) + clockTolerance) * 1000);
  }

  const { keySet } = keys;
  const possession = options.proofs?.[0]?.compile(options.proofs, options.allowUnboundTokens);
  const checkBinding = possession?.checkClaims ?? (allowBoundTokens ? undefined : rejectBoundToken);
  const verifySignature = createSignatureVerifier(keys, verifyOptions);
  // Another process must not take a token that is accepted here only with a proof.
  const binding = possession && [possession.proofs.map(({ member }) => member), possession.allowsUnbound];

  return {
    issuers,
    fingerprint: JSON.stringify([
      keys.fingerprint,
      verifyOptions,
      options.claimsMapping,
      allowBoundTokens,
      binding,
      checkClaims !== undefined,
    ]),
    hasOwnCheck: checkClaims !== undefined,
    accepts: {
      by: "bearer token",
      only: {
        form: ["jwt"],
        keys: [opaque(keys.fingerprint)],
        iss: issuers,
        aud: audiences,
        typ: typ === undefined ? undefined : [mediaType(typ)],
        alg: keys.algorithms,
      },
    },
    possession,
    warmUp: async () => keySet?.warmUp(),
    isCurrent: keySet?.isCurrent,
    async verify(token) {
      try {
        checkBearerToken(token);
        const { payload, protectedHeader, vouchedBy } = await verifySignature(token);
        checkCanonicalForm(token, protectedHeader, payload);
        // jose also accepts an inherited `typ`, and a polluted prototype could supply one.
        if (typ !== undefined && !Object.hasOwn(protectedHeader, "typ"))
          throw new InvalidCredentialError("no typ", { reason: "claim" });
        checkBinding?.(payload);
        if (checkClaims !== undefined) askUser(checkClaims, payload);
        return { identity: { ...toIdentity(payload), expiresAt: expiryOf(payload) }, vouchedBy };
      } catch (cause) {
        throw refusalOf(cause);
      }
    },
  };
}

/** @throws InvalidCredentialError with reason `claim` unless the function returns true. */
function askUser(checkClaims: NonNullable<JwtIssuerOptions["checkClaims"]>, claims: JWTPayload): void {
  let answer: unknown;
  let isPromise = false;
  try {
    // A polluted prototype supplies no claims.
    answer = checkClaims(ownMembers(claims));
    isPromise = isPromiseLike(answer);
    // A rejection that nobody handles would end the process.
    if (isPromise) Promise.resolve(answer).catch(() => {});
  } catch (cause) {
    throw new InvalidCredentialError("refused by checkClaims, which failed", { reason: "claim", cause });
  }
  if (answer === true) return;
  const hint = answer === false ? "" : `: it returned ${isPromise ? "a promise" : typeof answer}, not true`;
  throw new InvalidCredentialError(`refused by checkClaims${hint}`, { reason: "claim" });
}

/** Normalizes a `typ` for comparison (RFC 7515 section 4.1.9). */
function mediaType(typ: string): string {
  const name = typ.toLowerCase();
  return name.includes("/") ? name : `application/${name}`;
}
