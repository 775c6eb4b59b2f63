import { createHash } from "node:crypto";
import { LRUCache } from "lru-cache";
import type { AuthContext, AuthContextInit } from "../context/auth-context.js";
import { InvalidCredentialError } from "./authentication-error.js";
import type { Credential } from "./scheme.js";

/** How verified credentials are remembered, in this process. */
export interface CacheOptions {
  /** How long an entry lives at most, in milliseconds. It never outlives its credential. By default, 300000: five minutes. */
  readonly ttl?: number;
  /** How many credentials are remembered; the least recently used leave first. By default, 10000. */
  readonly maxSize?: number;
}

interface Entry {
  readonly context: AuthContext;
  readonly expiresAt: number;
  readonly isCurrent: (() => boolean) | undefined;
}

/**
 * Verifies credentials, and remembers them by a digest of what the verification
 * looks at. Verifications of one credential at the same time share one call.
 */
export class CredentialCache {
  readonly #entries: LRUCache<string, Entry> | undefined;
  readonly #pending: Map<string, Promise<AuthContext>> = new Map();
  readonly #admit: (identity: AuthContextInit) => AuthContext;

  /**
   * @param admit - checks and freezes a verified identity.
   * @throws TypeError for a `ttl` or `maxSize` that is not a positive number.
   */
  constructor(options: CacheOptions | false, admit: (identity: AuthContextInit) => AuthContext) {
    this.#admit = admit;
    if (options === false) return;
    const { ttl = 300_000, maxSize = 10_000 } = options;
    if (!(Number.isFinite(ttl) && ttl > 0)) throw new TypeError(`cache.ttl: expected milliseconds above 0, got ${ttl}`);
    if (!(Number.isSafeInteger(maxSize) && maxSize > 0)) {
      throw new TypeError(`cache.maxSize: expected a whole number above 0, got ${maxSize}`);
    }
    this.#entries = new LRUCache({ max: maxSize, ttl });
  }

  /** The identity behind a credential: at once where it is remembered. */
  verify(credential: Credential): AuthContext | Promise<AuthContext> {
    if (credential.key === undefined) return this.#verify(credential);
    const digest = createHash("sha256").update(credential.key).digest("base64");
    const entry = this.#entries?.get(digest);
    if (entry !== undefined) {
      if (Date.now() < entry.expiresAt && (entry.isCurrent?.() ?? true)) return entry.context;
      this.#entries?.delete(digest);
    }
    let pending = this.#pending.get(digest);
    if (pending === undefined) {
      pending = this.#verify(credential, digest).finally(() => this.#pending.delete(digest));
      this.#pending.set(digest, pending);
    }
    return pending;
  }

  async #verify(credential: Credential, digest?: string): Promise<AuthContext> {
    const { identity, isCurrent } = await credential.verify();
    const context = this.#admit(identity);
    const expiresAt = context.expiresAt?.getTime() ?? Number.POSITIVE_INFINITY;
    if (Date.now() >= expiresAt) throw new InvalidCredentialError("expired");
    if (digest !== undefined) this.#entries?.set(digest, { context, expiresAt, isCurrent });
    return context;
  }
}
