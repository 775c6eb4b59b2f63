import { type CryptoKey, createLocalJWKSet, importJWK, type JWK } from "jose";
import { InvalidKeySetError } from "./invalid-key-set-error.js";
import { nameKey } from "./key-name.js";
import { describeFault, type ParsedKeySet } from "./parse-key-set.js";
import { algorithmsOf } from "./verification-jwk.js";

export interface ImportedKeySet {
  readonly find: ReturnType<typeof createLocalJWKSet>;
  /** The names of its keys; see {@link nameKey}. */
  readonly names: ReadonlySet<string>;
  /** The skipped keys, each with its fault. */
  readonly faults: readonly string[];
}

/**
 * Imports the keys one by one, so that a large set does not block the thread.
 *
 * @throws InvalidKeySetError if no key is usable.
 */
export async function importKeySet({ keys, faults: parseFaults }: ParsedKeySet): Promise<ImportedKeySet> {
  const usable: JWK[] = [];
  const names = new Set<string>();
  const faults = [...parseFaults];
  for (const key of keys) {
    try {
      // `nameKey` computes its digest on another thread.
      names.add(await nameKey((await importJWK(key, algorithmsOf(key)[0])) as CryptoKey));
      usable.push(key);
    } catch {
      faults.push(describeFault(key, "it cannot be imported"));
    }
  }
  if (usable.length === 0) throw new InvalidKeySetError(["no usable key", ...faults.slice(0, 3)].join("; "));
  return { find: createLocalJWKSet({ keys: usable }), names, faults };
}
