import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { exportJWK, generateKeyPair, SignJWT } from "jose";

/** The claims of a token. */
export interface TokenClaims {
  readonly subject: string;
  readonly name?: string;
  readonly roles?: readonly string[];
  readonly scopes?: readonly string[];
  /** The branch of the shop where the person works. */
  readonly branch?: string;
  /** The API that accepts the token. */
  readonly audience: string;
  /** Seconds until the token expires; negative for an expired token. Default: one hour. */
  readonly lifetime?: number;
}

/** Issues tokens and publishes the key that verifies them. */
export interface IdentityProvider {
  readonly issuer: string;
  readonly jwksUri: string;
  issueToken(claims: TokenClaims): Promise<string>;
  close(): Promise<void>;
}

/** Starts an identity provider for the example: new keys, and a key set (RFC 7517) on loopback. */
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
    issueToken({ subject, name, roles, scopes, branch, audience, lifetime = 3600 }) {
      const now = Math.floor(Date.now() / 1000);
      return new SignJWT({ name, roles, branch, scope: scopes?.join(" ") })
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
