import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { exportJWK, generateKeyPair, SignJWT } from "jose";

/** What a token says. */
export interface TokenClaims {
  readonly subject: string;
  readonly name?: string;
  readonly roles?: readonly string[];
  readonly scopes?: readonly string[];
  /** The API that the token is for. */
  readonly audience: string;
  /** From now, in seconds; negative for a token that has expired. By default, one hour. */
  readonly lifetime?: number;
}

/** Issues tokens, and publishes the key that verifies them. */
export interface IdentityProvider {
  readonly issuer: string;
  readonly jwksUri: string;
  issueToken(claims: TokenClaims): Promise<string>;
  close(): Promise<void>;
}

/** Stands in for the identity provider of a real system: keys made at start, a key set (RFC 7517) on loopback. */
export async function startIdentityProvider(): Promise<IdentityProvider> {
  const { privateKey, publicKey } = await generateKeyPair("ES256");
  const header = { alg: "ES256", kid: "shop-1", typ: "at+jwt" };
  const keySet = JSON.stringify({ keys: [{ ...(await exportJWK(publicKey)), kid: header.kid, alg: header.alg }] });
  const server = createServer((request, response) => {
    const found = request.url === "/.well-known/jwks.json";
    response.writeHead(found ? 200 : 404, { "content-type": "application/json" }).end(found ? keySet : "{}");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    issuer,
    jwksUri: `${issuer}/.well-known/jwks.json`,
    issueToken({ subject, name, roles, scopes, audience, lifetime = 3600 }) {
      const now = Math.floor(Date.now() / 1000);
      return new SignJWT({ name, roles, scope: scopes?.join(" ") })
        .setProtectedHeader(header)
        .setIssuer(issuer)
        .setAudience(audience)
        .setSubject(subject)
        .setIssuedAt(now + Math.min(0, lifetime * 2))
        .setExpirationTime(now + lifetime)
        .sign(privateKey);
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
