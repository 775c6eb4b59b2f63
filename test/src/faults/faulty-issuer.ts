import { randomUUID } from "node:crypto";
import { exportJWK, generateKeyPair, type JWK, type JWTPayload, SignJWT } from "jose";
import { type FaultyEndpoint, startFaultyEndpoint } from "./faulty-endpoint.js";

/** A signing key of an issuer. All times in milliseconds since the epoch. */
export interface IssuerKey {
  readonly kid: string | undefined;
  readonly privateKey: CryptoKey;
  readonly jwk: JWK;
  readonly publishedAt: number;
  /** When the key set stopped naming it. */
  removedAt: number;
  /** Whether it took the place of another key under the same name, so that its name does not tell that it is new. */
  readonly replaces: boolean;
}

/** An answer with the key set that an instance has received whole. */
export interface Delivery {
  /** When the endpoint had been asked. */
  readonly at: number;
  readonly keys: ReadonlySet<IssuerKey>;
}

/** An issuer of tokens whose key endpoint can fail. */
export interface FaultyIssuer {
  readonly issuer: string;
  readonly endpoint: FaultyEndpoint;
  /** The key that signs now. */
  readonly key: IssuerKey;
  /** Keys that the key set names no more, the latest last. */
  readonly removed: readonly IssuerKey[];
  /** The address of the key set for an instance, so that it is known which instance has asked. */
  jwksUri(instance: number): string;
  /** What each instance has received, the latest last. */
  deliveries(instance: number): readonly Delivery[];
  /** Signs by a new key from now on. */
  rotate(): Promise<void>;
  /** Takes the oldest key that does not sign any more out of the key set. */
  removeOldest(): void;
  stop(): Promise<void>;
}

export const audience = "lab";

/**
 * How an issuer names its keys.
 *
 * - `distinct`: each key has a name of its own, and stays in the key set for a while after the next one has come.
 * - `reused`: the only key gets replaced under the same name.
 * - `nameless`: the only key gets replaced, and has no name.
 */
export type KeyNaming = "distinct" | "reused" | "nameless";

export async function startFaultyIssuer(issuer: string, naming: () => KeyNaming): Promise<FaultyIssuer> {
  const deliveries = new Map<number, Delivery[]>();
  const removed: IssuerKey[] = [];
  let count = 0;
  let keys: readonly IssuerKey[] = [await createKey("distinct")];

  async function createKey(how: KeyNaming): Promise<IssuerKey> {
    const { privateKey, publicKey } = await generateKeyPair("ES256", { extractable: true });
    const kid = how === "nameless" ? undefined : how === "reused" ? "the-key" : `key-${++count}`;
    const jwk: JWK = { ...(await exportJWK(publicKey)), alg: "ES256", use: "sig", ...(kid !== undefined && { kid }) };
    const replaces = how !== "distinct";
    return { kid, privateKey, jwk, publishedAt: Date.now(), removedAt: Number.POSITIVE_INFINITY, replaces };
  }

  function remove(key: IssuerKey): void {
    key.removedAt = Date.now();
    removed.push(key);
    // A few are enough for tokens by removed keys.
    if (removed.length > 5) removed.shift();
  }

  const keySet = () => keys.map(({ jwk }) => jwk);
  const endpoint = await startFaultyEndpoint(
    (path) => {
      const instance = Number(path.slice(1));
      const delivery = { at: Date.now(), keys: new Set(keys) };
      return {
        body: JSON.stringify({ keys: keySet() }),
        sent() {
          const list = deliveries.get(instance) ?? [];
          deliveries.set(instance, [...list, delivery].slice(-20));
        },
      };
    },
    () => {
      const filler = keySet()[0] as JWK;
      return JSON.stringify({ keys: [...keySet(), ...Array.from({ length: 8_000 }, () => ({ ...filler, kid: "x" }))] });
    },
  );
  return {
    issuer,
    endpoint,
    get key() {
      return keys[0] as IssuerKey;
    },
    removed,
    jwksUri: (instance) => `${endpoint.url}/${instance}`,
    deliveries: (instance) => deliveries.get(instance) ?? [],
    async rotate() {
      const how = naming();
      const key = await createKey(how);
      const old = keys;
      keys = how === "distinct" ? [key, ...old] : [key];
      if (how !== "distinct") old.forEach(remove);
    },
    removeOldest() {
      const oldest = keys.at(-1);
      if (keys.length < 2 || oldest === undefined) return;
      keys = keys.slice(0, -1);
      remove(oldest);
    },
    stop: endpoint.stop,
  };
}

/** A token, and what the driver knows of it. All times in milliseconds since the epoch. */
export interface Token {
  readonly text: string;
  readonly issuer: FaultyIssuer;
  readonly key: IssuerKey;
  readonly subject: string;
  readonly id: string;
  readonly issuedAt: number;
  readonly expiresAt: number;
}

/** Issues a token. @param lifetime - in milliseconds; rounded to seconds, as `exp` counts them. */
export async function issueToken(
  issuer: FaultyIssuer,
  subject: string,
  lifetime: number,
  key: IssuerKey = issuer.key,
  claims: JWTPayload = {},
): Promise<Token> {
  const id = randomUUID();
  const issuedAt = Math.floor(Date.now() / 1_000);
  const exp = Math.ceil((Date.now() + lifetime) / 1_000);
  const text = await new SignJWT({
    iss: issuer.issuer,
    aud: audience,
    sub: subject,
    jti: id,
    iat: issuedAt,
    exp,
    ...claims,
  })
    .setProtectedHeader({ alg: "ES256", ...(key.kid !== undefined && { kid: key.kid }) })
    .sign(key.privateKey);
  return { text, issuer, key, subject, id, issuedAt: issuedAt * 1_000, expiresAt: exp * 1_000 };
}
