import { createHash, randomUUID } from "node:crypto";
import { createTestJwt, TEST_JWT_SECRET } from "@connectum/auth/testing";
import { calculateJwkThumbprint, exportJWK, generateKeyPair, type JWK, SignJWT } from "jose";

export const issuer = { issuer: "https://login.example.com", audience: "lab", secret: TEST_JWT_SECRET };

/** A client with its key. */
export interface BoundClient {
  readonly jwk: JWK;
  readonly thumbprint: string;
  readonly privateKey: CryptoKey;
  /** A token that is bound to the key. */
  token(claims?: object): Promise<string>;
  /** A proof of the key. The changes replace members, and undefined removes them. */
  proof(claims: object, header?: object): Promise<string>;
}

export async function createBoundClient(algorithm = "ES256"): Promise<BoundClient> {
  const { privateKey, publicKey } = await generateKeyPair(algorithm, { extractable: true });
  const jwk = await exportJWK(publicKey);
  const thumbprint = await calculateJwkThumbprint(jwk);
  return {
    jwk,
    thumbprint,
    privateKey: privateKey as CryptoKey,
    token: (claims = {}) =>
      createTestJwt({ sub: "ada", iss: issuer.issuer, aud: "lab", cnf: { jkt: thumbprint }, ...claims }),
    proof: (claims, header = {}) =>
      new SignJWT({ jti: randomUUID(), iat: Math.floor(Date.now() / 1000), ...claims })
        .setProtectedHeader({ alg: algorithm, typ: "dpop+jwt", jwk, ...header })
        .sign(privateKey),
  };
}

/** The claim `ath` for a token. */
export const hashOf = (token: string) => createHash("sha256").update(token).digest("base64url");

/** The address of the unary method of the lab behind a base URL. */
export const unaryAt = (baseUrl: string) => `${baseUrl}/lab.v1.EchoService/Unary`;

/** Headers of a call with a token and a proof for it. */
export async function provenHeaders(
  client: BoundClient,
  { baseUrl, token, method = "POST", ...claims }: { baseUrl: string; token: string; method?: string; nonce?: string },
): Promise<Record<string, string>> {
  const proof = await client.proof({ htm: method, htu: unaryAt(baseUrl), ath: hashOf(token), ...claims });
  return { authorization: `DPoP ${token}`, dpop: proof };
}
