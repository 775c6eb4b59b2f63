import { builtIn } from "../platform/built-in.js";
import { opaque } from "./opaque.js";

/** Shortest accepted secret, in characters. */
const minLength = 16;

/** One secret or several. Undefined, as from an unset environment variable, is refused at creation. */
export type Secrets = string | undefined | readonly (string | undefined)[];

/** Compares a value with secrets. */
export interface SecretMatcher {
  (value: string): boolean;
  /** Identities of the secrets, see {@link opaque}. */
  readonly identities: readonly symbol[];
}

/**
 * Compiles shared secrets into a comparison in constant time. Several secrets allow rotation without an outage.
 *
 * @throws TypeError without a secret, and for a short one.
 */
export function compileSecrets(secrets: Secrets, option: string): SecretMatcher {
  const { createHash, timingSafeEqual } = builtIn("node:crypto");
  const digest = (value: string) => createHash("sha256").update(value).digest();
  const list = Array.isArray(secrets) ? secrets : [secrets];
  if (list.length === 0) throw new TypeError(`${option}: expected at least one secret`);
  const digests = list.map((secret: unknown) => {
    if (typeof secret !== "string" || secret === "") {
      throw new TypeError(`${option}: set but empty; is an environment variable missing?`);
    }
    if (secret.length < minLength) {
      throw new TypeError(`${option}: expected at least ${minLength} characters, got ${secret.length}`);
    }
    if (!/^[\x21-\x7e]+$/.test(secret)) throw new TypeError(`${option}: expected visible ASCII, as headers carry it`);
    return digest(secret);
  });
  const matches = (value: string): boolean => {
    const actual = digest(value);
    let isEqual = false;
    for (const expected of digests) isEqual = timingSafeEqual(actual, expected) || isEqual;
    return isEqual;
  };
  return Object.assign(matches, { identities: digests.map((bytes) => opaque(bytes.toString("base64url"))) });
}
