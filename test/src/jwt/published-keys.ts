import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { SignJWT } from "jose";
import { bearer } from "../support/verification.js";

/** An endpoint of a key set that answers as the test says. */
export interface Endpoint {
  readonly url: string;
  requests: number;
  /** The answer: JSON, a text, or what writes it. */
  answer: unknown;
  close(): Promise<unknown>;
}

export async function startEndpoint(answer?: unknown): Promise<Endpoint> {
  const server = createServer((_, response) => {
    endpoint.requests++;
    const { answer } = endpoint;
    if (typeof answer === "function") (answer as (response: ServerResponse) => void)(response);
    else response.end(typeof answer === "string" ? answer : JSON.stringify(answer));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const endpoint: Endpoint = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/jwks`,
    requests: 0,
    answer,
    close: () => new Promise((resolve) => server.close(resolve).closeAllConnections()),
  };
  return endpoint;
}

/** A pair of keys, its public half as a JWK, and tokens by it. */
export function createSigner(kid?: string, pair: { publicKey: KeyObject; privateKey: KeyObject } = ecPair()) {
  const alg = pair.privateKey.asymmetricKeyType === "rsa" ? "RS256" : "ES256";
  const name = kid === undefined ? {} : { kid };
  return {
    ...pair,
    jwk: { ...pair.publicKey.export({ format: "jwk" }), ...name },
    sign: async (sub = "ada", claims: object = {}, header: object = {}) =>
      bearer(
        await new SignJWT({ sub, aud: "lab", ...claims })
          .setProtectedHeader({ alg, ...name, ...header })
          .setExpirationTime("1h")
          .sign(pair.privateKey),
      ),
  };
}

export const ecPair = () => generateKeyPairSync("ec", { namedCurve: "P-256" });
