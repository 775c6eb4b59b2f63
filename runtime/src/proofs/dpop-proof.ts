import { type CryptoKey, decodeProtectedHeader, importJWK, type JWK, type JWTPayload, jwtVerify } from "jose";
import { InvalidProofError } from "../errors/invalid-proof-error.js";
import { checkCanonicalForm } from "../keys/canonical-form.js";
import { refusalOf } from "../keys/refusal.js";
import { algorithmsOf, faultOf, otherPurposeOf } from "../keys/verification-jwk.js";
import { LruMap } from "../store/lru-map.js";
import { keyThumbprint } from "./key-thumbprint.js";

/** Longest proof in characters. One with an RSA key of 4096 bits has about 2500. */
const maxLength = 8_192;

/** Three parts of base64url without padding. */
const compact = /^[\w-]+\.[\w-]+\.[\w-]+$/;

/** Most imported keys that are kept. */
const maxKeys = 1_000;

/**
 * Verifies the syntax, the key and the signature of a DPoP proof (RFC 9449 section 4.2, and checks 1 to 7 of section 4.3). Returns its
 * claims.
 *
 * @param thumbprint - of the key to which the token is bound.
 * @throws InvalidProofError
 */
export type VerifyProof = (proof: string, thumbprint: string) => Promise<JWTPayload>;

/**
 * @param algorithms - the accepted ones.
 * @param clockTolerance - for the claims `exp` and `nbf` of a proof, in seconds.
 */
export function createProofVerifier(algorithms: readonly string[], clockTolerance: number): VerifyProof {
  const keys = new LruMap<CryptoKey>(maxKeys);

  /** The key belongs to the thumbprint, and callers come back with it: to import it takes a third of the verification. */
  async function keyOf(jwk: JWK, algorithm: string, thumbprint: string): Promise<CryptoKey> {
    const name = `${algorithm} ${thumbprint}`;
    let key = keys.get(name);
    if (key === undefined) {
      // The numbers of the key only.
      const { kty, crv, x, y, n, e } = jwk;
      const numbers = Object.fromEntries(
        Object.entries({ kty, crv, x, y, n, e }).filter(([, value]) => value !== undefined),
      );
      key = (await importJWK(numbers as JWK, algorithm)) as CryptoKey;
      keys.set(name, key);
    }
    return key;
  }

  return async (proof, thumbprint) => {
    if (proof.length > maxLength) fail("is too long");
    // Two headers arrive as one, joined by a comma.
    if (!compact.test(proof)) fail("is not one compact JWT, or came twice");
    try {
      const header = decodeProtectedHeader(proof);
      const { jwk, alg = "" } = header;
      if (typeof jwk !== "object" || jwk === null || Array.isArray(jwk)) fail("has no jwk");
      if (!algorithms.includes(alg)) fail("has an algorithm that is not accepted");
      const problem = faultOf(jwk as JWK) ?? otherPurposeOf(jwk as JWK);
      if (problem !== undefined) fail(`has a faulty jwk: ${problem}`);
      if (!algorithmsOf(jwk as JWK).includes(alg)) fail("has a jwk for another algorithm");
      if (keyThumbprint(jwk as JWK) !== thumbprint) throw new InvalidProofError("the token is bound to another key");
      const key = await keyOf(jwk as JWK, alg, thumbprint);
      const { payload } = await jwtVerify(proof, key, { algorithms: [alg], typ: "dpop+jwt", clockTolerance });
      checkCanonicalForm(proof, header, payload);
      // jose also accepts an inherited `typ`, and a polluted prototype could supply one.
      if (!Object.hasOwn(header, "typ")) fail("has no typ");
      return payload;
    } catch (cause) {
      if (cause instanceof InvalidProofError) throw cause;
      throw new InvalidProofError("the DPoP proof is invalid", "invalid_dpop_proof", undefined, refusalOf(cause));
    }
  };
}

function fail(problem: string): never {
  throw new InvalidProofError(`the DPoP proof ${problem}`, "invalid_dpop_proof");
}
