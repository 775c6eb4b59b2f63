import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { JWK, JWTPayload } from "jose";
import { createTestJwt, type TestJwtOptions } from "./create-test-jwt.js";
import { createTestKeyPair, type TestKeyAlgorithm, type TestKeyPair } from "./create-test-key-pair.js";

/**
 * The failure of the endpoint: an HTTP status, no answer, a closed connection, a body other than a key set, a set without
 * keys, a response head without body, or a body of one byte per second.
 */
export type TestKeySetFailure = number | "hang" | "reset" | "garbage" | "empty" | "stall" | "drip";

/** An issuer's key set behind a real endpoint on loopback. */
export interface TestKeySet {
  readonly jwksUri: string;
  /** Number of requests received so far. */
  readonly requests: number;
  /** Signs a token with the newest key. */
  sign(claims?: JWTPayload, options?: Omit<TestJwtOptions, "key">): Promise<string>;
  /**
   * Generates a new signing key. `keep` leaves the old keys published; by default they are removed. `sameKid` reuses the
   * last `kid`.
   */
  rotate(options?: { readonly keep?: boolean; readonly sameKid?: boolean }): Promise<void>;
  /** Makes the endpoint fail. `undefined` repairs it. */
  fail(how: TestKeySetFailure | undefined): void;
  close(): Promise<void>;
}

/**
 * Starts a key set endpoint with one key.
 *
 * @param algorithm - default: `RS256`.
 *
 * @example
 * const keySet = await startTestKeySet();
 * const auth = createAuth({ policies, authenticate: jwt({ jwksUri: keySet.jwksUri, audience: "shop" }) });
 * const token = await keySet.sign({ sub: "ada", aud: "shop" });
 * await keySet.close();
 */
export async function startTestKeySet(algorithm: TestKeyAlgorithm = "RS256"): Promise<TestKeySet> {
  const signer = { pair: await createTestKeyPair(algorithm, "key-1") };
  let published: readonly JWK[] = [signer.pair.publicJwk];
  let count = 1;
  let failure: TestKeySetFailure | undefined;
  let requests = 0;
  const server = createServer((_request, response) => {
    requests++;
    answer(response, failure, published);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    jwksUri: `http://127.0.0.1:${(server.address() as AddressInfo).port}/jwks.json`,
    get requests() {
      return requests;
    },
    sign(claims, options) {
      const { privateKey, publicJwk }: TestKeyPair = signer.pair;
      const header = { alg: algorithm, ...(publicJwk.kid !== undefined && { kid: publicJwk.kid }), ...options?.header };
      return createTestJwt(claims, { ...options, key: privateKey, header });
    },
    async rotate({ keep = false, sameKid = false } = {}) {
      if (!sameKid) count++;
      signer.pair = await createTestKeyPair(algorithm, `key-${count}`);
      published = [...(keep ? published : []), signer.pair.publicJwk];
    },
    fail(how) {
      failure = how;
    },
    close() {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

function answer(response: ServerResponse, failure: TestKeySetFailure | undefined, keys: readonly JWK[]): void {
  if (failure === "hang") return;
  if (failure === "reset") response.destroy();
  else if (failure === "garbage") response.end("<html>");
  else if (failure === "empty") response.end('{"keys":[]}');
  else if (failure === "stall") response.writeHead(200).flushHeaders();
  else if (failure === "drip") drip(response);
  else response.writeHead(failure ?? 200, { "content-type": "application/json" }).end(JSON.stringify({ keys }));
}

function drip(response: ServerResponse): void {
  const timer = setInterval(() => response.write(" "), 1_000);
  response.writeHead(200).write(" ");
  response.once("close", () => clearInterval(timer));
}
