import type { JWK } from "jose";
import { InvalidKeySetError } from "./invalid-key-set-error.js";
import { faultOf, otherPurposeOf } from "./verification-jwk.js";

/** The keys of a set that tokens may be verified by. */
export interface ParsedKeySet {
  /** Public, sound, and with known members only. */
  readonly keys: readonly JWK[];
  /** Why keys were skipped; keys that are meant for something else are not among them. */
  readonly faults: readonly string[];
}

/** Members that verifying needs. The purpose of a key has been looked at by then. */
const members = ["kty", "kid", "alg", "crv", "n", "e", "x", "y"] as const;

/**
 * Reads a key set (RFC 7517 section 5). One key that is malformed or unsafe does not spoil the others.
 *
 * @throws InvalidKeySetError for what is no key set, or has too many keys.
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

/** The fault of a key, with its name, for the log. */
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
