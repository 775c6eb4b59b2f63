import { type LRU, lru } from "tiny-lru";
import type { AuthContext, AuthContextInit } from "../context/auth-context.js";
import { InvalidCredentialError } from "./authentication-error.js";
import { checkCacheOptions } from "./cache-options.js";
import { createEntrySeal, type EntrySeal } from "./entry-seal.js";
import type { Limiter } from "./limits.js";
import type { AuthScheme, Credential, Verified } from "./scheme.js";
import { sha256 } from "./sha256.js";
import { SharedStore } from "./shared-store.js";
import { decodeEntry, encodeEntry } from "./stored-entry.js";

/** How long, in milliseconds, and how many refusals that are final are remembered. */
const refusals = { ttl: 10_000, max: 1_000 };

interface Entry {
  readonly context: AuthContext;
  /** Milliseconds since the epoch. */
  readonly until: number;
  readonly vouchedBy: string | undefined;
}

/** What processes share. */
interface Shared {
  readonly store: SharedStore;
  readonly seal: EntrySeal | undefined;
  /** Parts what the store holds for other verifications. */
  readonly prefix: string;
}

interface Memory {
  readonly entries: LRU<Entry>;
  readonly refusals: LRU<{ readonly error: InvalidCredentialError; readonly until: number }>;
  readonly ttl: number;
  readonly shared: Shared | undefined;
}

/**
 * Verifies credentials by a scheme, and remembers them by a digest of what the verification
 * looks at. Verifications of one credential at the same time share one call.
 */
export class CredentialCache {
  readonly #scheme: AuthScheme;
  readonly #admit: (identity: AuthContextInit) => AuthContext;
  readonly #limiter: Limiter;
  readonly #memory: Memory | undefined;
  readonly #pending: Map<string, Promise<AuthContext>> = new Map();

  /**
   * @param admit - checks and freezes a verified identity.
   * @param limiter - bounds the verifications.
   * @throws TypeError for a malformed option of the scheme's `cache`.
   */
  constructor(scheme: AuthScheme, admit: (identity: AuthContextInit) => AuthContext, limiter: Limiter) {
    this.#scheme = scheme;
    this.#admit = admit;
    this.#limiter = limiter;
    if (scheme.cache === false) return;
    const { ttl, maxSize, store, namespace, secret, storeTimeout } = checkCacheOptions(scheme.cache);
    if (store !== undefined && namespace === undefined && scheme.fingerprint === undefined) {
      throw new TypeError("cache.namespace: needed with a store, to say whose verifications are shared");
    }
    const seal = secret === undefined ? undefined : createEntrySeal(secret);
    const owner = [scheme.name, namespace, scheme.fingerprint, scheme.internal === true, seal?.salt];
    this.#memory = {
      entries: lru(maxSize),
      refusals: lru(Math.min(maxSize, refusals.max)),
      ttl,
      shared: store && {
        store: new SharedStore(store, storeTimeout as number),
        seal,
        prefix: `${JSON.stringify(owner)}\n`,
      },
    };
  }

  /**
   * The identity behind a credential: at once where it is remembered.
   *
   * @throws what the verification throws, at once or later.
   */
  verify(credential: Credential): AuthContext | Promise<AuthContext> {
    if (credential.key === undefined) {
      const verified = this.#limiter.run(() => credential.verify());
      return verified instanceof Promise
        ? verified.then((v) => this.#accept(v).context)
        : this.#accept(verified).context;
    }
    const digest = sha256(credential.key);
    const entry = this.#memory?.entries.get(digest);
    if (entry !== undefined) {
      if (this.#isLive(entry)) return entry.context;
      this.#memory?.entries.delete(digest);
    }
    const refusal = this.#memory?.refusals.get(digest);
    if (refusal !== undefined && Date.now() < refusal.until) throw refusal.error;
    let pending = this.#pending.get(digest);
    if (pending === undefined) {
      pending = this.#limiter.run(() => this.#find(credential, digest)) as Promise<AuthContext>;
      this.#pending.set(digest, pending);
      const forget = () => this.#pending.delete(digest);
      pending.then(forget, forget);
    }
    return pending;
  }

  async #find(credential: Credential, digest: string): Promise<AuthContext> {
    const memory = this.#memory;
    if (memory === undefined) return this.#accept(await credential.verify()).context;
    const found = memory.shared && (await this.#fromStore(memory.shared, digest));
    if (found !== undefined) {
      memory.entries.set(digest, found);
      return found.context;
    }
    try {
      const entry = this.#accept(await credential.verify());
      memory.entries.set(digest, entry);
      if (memory.shared !== undefined) this.#toStore(memory.shared, digest, entry);
      return entry.context;
    } catch (error) {
      if (error instanceof InvalidCredentialError && error.final) {
        memory.refusals.set(digest, { error, until: Date.now() + refusals.ttl });
      }
      throw error;
    }
  }

  #toStore({ store, seal, prefix }: Shared, digest: string, { context, until, vouchedBy }: Entry): void {
    const key = sha256(prefix + digest);
    const text = encodeEntry(context, until, vouchedBy);
    store.set(key, seal?.seal(text, key) ?? text, until - Date.now());
  }

  async #fromStore({ store, seal, prefix }: Shared, digest: string): Promise<Entry | undefined> {
    const key = sha256(prefix + digest);
    const text = await store.get(key);
    if (text === undefined) return undefined;
    const stored = decodeEntry(seal === undefined ? text : seal.open(text, key));
    if (stored === undefined) store.reportUnreadable();
    try {
      if (stored !== undefined) {
        const entry = this.#accept(stored, stored.until);
        if (this.#isLive(entry)) return entry;
      }
    } catch {}
    store.delete(key);
    return undefined;
  }

  /** @throws TypeError for a malformed identity; InvalidCredentialError for one that has expired. */
  #accept({ identity, vouchedBy }: Verified, storedUntil = Number.POSITIVE_INFINITY): Entry {
    const context = this.#admit(identity);
    const expiresAt = context.expiresAt?.getTime() ?? Number.POSITIVE_INFINITY;
    const now = Date.now();
    if (now >= expiresAt) throw new InvalidCredentialError("expired");
    return { context, until: Math.min(expiresAt, storedUntil, now + (this.#memory?.ttl ?? 0)), vouchedBy };
  }

  #isLive({ until, vouchedBy }: Entry): boolean {
    if (Date.now() >= until) return false;
    return vouchedBy === undefined || this.#scheme.isCurrent === undefined || this.#scheme.isCurrent(vouchedBy);
  }
}
