import { Code, ConnectError } from "@connectrpc/connect";
import type { JWTPayload } from "jose";
import type { CredentialSource } from "../call/credential-source.js";
import { InvalidProofError } from "../errors/invalid-proof-error.js";
import { wallTime } from "../platform/clock.js";
import { sha256 } from "../platform/sha256.js";
import { createNonces } from "./dpop-nonce.js";
import { type DpopOptions, readDpopOptions } from "./dpop-options.js";
import { createProofVerifier } from "./dpop-proof.js";
import { compilePossession } from "./possession.js";
import type { ProofOfPossession } from "./proof-of-possession.js";
import { ReplayMemory } from "./replay-memory.js";
import { normalizeUrl, readBaseUrls } from "./request-url.js";
import { SharedReplays } from "./shared-replays.js";

/**
 * Verifies tokens that are bound to a key of the client (DPoP, RFC 9449): each call needs `Authorization: DPoP` and a proof of its own in
 * the header `DPoP`, signed by that key for this method, this address and this token. A proof counts once.
 *
 * Calls fail with `unauthenticated` for a missing, invalid or used proof, and with `unavailable` while the store fails.
 *
 * @throws TypeError for a misconfiguration.
 *
 * @example
 * const auth = createAuth({
 *   policies,
 *   authenticate: jwt({ issuer, jwksUri, audience: "shop", proofs: [dpop({ baseUrl: "https://api.example.com" })] }),
 * });
 */
export function dpop(options: DpopOptions): ProofOfPossession {
  const own = readDpopOptions(options);
  const { algorithms, clockTolerance, maxAge } = own;
  const baseUrls = readBaseUrls(own.baseUrl as string | readonly string[]);
  const nonces = own.nonce && createNonces(own.nonce);
  const verifyProof = createProofVerifier([...algorithms], clockTolerance);
  const shared = own.store && new SharedReplays(own.store, own.storeTimeout, own.storeFailure === "local");
  // A proof from ahead of our clock lasts longer, and so does one at an instance whose clock is behind.
  const rememberedFor = Math.ceil((maxAge + 2 * clockTolerance) * 1_000);
  const memory = new ReplayMemory(own.maxSize, rememberedFor);

  /** Checks 8 to 12 of RFC 9449 section 4.3. */
  function checkClaims(claims: JWTPayload, token: string, { method, requestMethod }: CredentialSource): void {
    const { htm, htu, ath, iat } = ownClaims(claims);
    if (htm !== requestMethod) fail("is for another HTTP method (htm)");
    const path = `/${method.parent.typeName}/${method.name}`;
    const url = normalizeUrl(htu);
    if (!baseUrls.some((baseUrl) => url === baseUrl + path)) fail("is for another address (htu); see dpop.baseUrl");
    if (ath !== sha256(token, "base64url")) fail("is for another token (ath)");
    const age = typeof iat === "number" ? wallTime() / 1_000 - iat : Number.NaN;
    if (!(age <= maxAge && age >= -clockTolerance)) fail("is too old, or from the future (iat)");
  }

  /** Check 10, and the next nonce for a client with an old one (section 8.2). */
  function checkNonce(claims: JWTPayload, source: CredentialSource): void {
    if (nonces === undefined) return;
    const { nonce } = ownClaims(claims);
    const current = nonces.current();
    if (nonce === current) return;
    if (!nonces.isValid(nonce))
      throw new InvalidProofError("the DPoP proof has no valid nonce", "use_dpop_nonce", current);
    source.responseHeader ??= new Headers();
    source.responseHeader.set("dpop-nonce", current);
  }

  /** Uses the proof up. In this process at once: of concurrent calls with one proof, the first counts. */
  async function useUp(claims: JWTPayload, thumbprint: string): Promise<void> {
    const { jti } = ownClaims(claims);
    if (typeof jti !== "string" || jti === "") fail("has no jti");
    const key = sha256(`${thumbprint}\n${jti}`, "base64url");
    const added = memory.add(key);
    if (added === "full") throw new ConnectError("dpop.maxSize: too many proofs at a time", Code.Unavailable);
    const isNew = added === "new" && (shared === undefined || (await shared.add(`dpop:${key}`, rememberedFor)));
    if (!isNew) fail("was used before (jti)");
  }

  return {
    compile: compilePossession,
    member: "jkt",
    scheme: "DPoP",
    challenge: `DPoP algs="${algorithms.join(" ")}"`,
    metadata: { dpop_signing_alg_values_supported: [...algorithms] },
    async verify(thumbprint, { token, source }) {
      const proof = source.header.get("dpop");
      if (proof === null) fail("is missing");
      const claims = await verifyProof(proof, thumbprint);
      checkClaims(claims, token, source);
      checkNonce(claims, source);
      await useUp(claims, thumbprint);
    },
  };
}

/** A polluted prototype supplies no claims. */
function ownClaims(claims: JWTPayload): Readonly<Record<string, unknown>> {
  return Object.assign(Object.create(null), claims);
}

function fail(problem: string): never {
  throw new InvalidProofError(`the DPoP proof ${problem}`, "invalid_dpop_proof");
}
