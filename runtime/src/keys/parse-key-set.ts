import type { JWK } from "jose";
import { InvalidKeySetError } from "./invalid-key-set-error.js";
import { faultOf, otherPurposeOf } from "./verification-jwk.js";

/** The keys of a set that may verify tokens. */
export interface ParsedKeySet {
  /** Public keys without faults, reduced to known members. */
  readonly keys: readonly JWK[];
  /** The skipped keys, each with its fault. Keys for another purpose are left out. */
  readonly faults: readonly string[];
}

/** Members needed to verify. `use` and `key_ops` are checked before. */
const members = ["kty", "kid", "alg", "crv", "n", "e", "x", "y"] as const;

/**
 * Reads a key set (RFC 7517 section 5). Skips malformed and unsafe keys, and keeps the others.
 *
 * @throws InvalidKeySetError if the text is not a key set, or has too many keys.
 */
export function parseKeySet(text: string, maxKeys: number): ParsedKeySet {
  const found = keysIn(text);
  if (found.length > maxKeys) {
    throw new InvalidKeySetError(`${found.length} keys are more than ${maxKeys}; jwks.maxKeys raises the limit`);
  }
  const keys: JWK[] = [];
  const faults: string[] = [];
  for (const key of found) {
    const fault = isObject(key) ? faultOf(key) : "it is not an object";
    if (fault !== undefined) faults.push(describeFault(key, fault));
    else if (otherPurposeOf(key as JWK) === undefined) keys.push(pick(key as JWK));
  }
  return { keys, faults };
}

/** Formats a key's fault for the log, with its `kid`. */
export function describeFault(key: unknown, fault: string): string {
  const kid = isObject(key) && typeof key.kid === "string" ? JSON.stringify(key.kid.slice(0, 100)) : "without kid";
  return `key ${kid}: ${fault}`;
}

function keysIn(text: string): readonly unknown[] {
  let set: unknown;
  try {
    set = JSON.parse(text);
  } catch {
    throw new InvalidKeySetError("not JSON");
  }
  const keys: unknown = isObject(set) && Object.hasOwn(set, "keys") ? (set as { keys?: unknown }).keys : undefined;
  if (!Array.isArray(keys)) throw new InvalidKeySetError('not an object with a list of "keys"');
  return keys;
}

function pick(key: JWK): JWK {
  return Object.fromEntries(members.filter((name) => Object.hasOwn(key, name)).map((name) => [name, key[name]])) as JWK;
}

function isObject(value: unknown): value is JWK {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
