import { expiryOf } from "../call/standing.js";
import type { AuthContext, AuthContextInit } from "../context/auth-context.js";
import { InvalidCredentialError } from "../errors/invalid-credential-error.js";
import { type End, endIn, hasEnded, wallTime } from "../platform/clock.js";
import { sha256 } from "../platform/sha256.js";
import { type AuthScheme, type Credential, isInternalScheme, type Verified } from "../schemes/scheme.js";
import { readCacheOptions } from "../store/cache-options.js";
import { createEntrySeal, type EntrySeal } from "../store/entry-seal.js";
import { LruMap } from "../store/lru-map.js";
import { SharedStore } from "../store/shared-store.js";
import { decodeEntry, encodeEntry } from "../store/stored-entry.js";
import type { Limiter } from "./limits.js";

/** Lifetime in milliseconds and number of cached refusals. */
const refusals = { ttl: 10_000, max: 1_000 };

/** Lifetime in milliseconds of a verification without a cache: for its own call. */
const uncachedTtl = 5_000;

/** A verified credential. It is valid until the end of its period, at the latest until `expiresAt`. */
export interface Entry extends End {
  readonly context: AuthContext;
  /** Expiry of the credential: milliseconds since the epoch, or infinity. */
  readonly expiresAt: number;
  readonly vouchedBy: string | undefined;
}

interface Refusal extends End {
  readonly error: InvalidCredentialError;
  /** Milliseconds since the epoch. */
  readonly since: number;
}

/** The store of several processes. */
interface Shared {
  readonly store: SharedStore;
  readonly seal: EntrySeal | undefined;
  /** Separates the entries of other verifiers. */
  readonly prefix: string;
}

interface Memory {
  readonly entries: LruMap<Entry>;
  readonly refusals: LruMap<Refusal>;
  readonly shared: Shared | undefined;
}

/**
 * Verifies credentials by a scheme, and caches the results by a digest of the credential. Concurrent verifications of one
 * credential share one call.
 */
export class CredentialCache {
  readonly #scheme: AuthScheme;
  readonly #admit: (identity: AuthContextInit) => AuthContext;
  readonly #limiter: Limiter;
  readonly #memory: Memory | undefined;
  readonly #ttl: number;
  readonly #pending: Map<string, Promise<Entry>> = new Map();

  /**
   * @param admit - checks and freezes a verified identity.
   * @param limiter - bounds the verifications.
   * @throws TypeError for a malformed option of the scheme's `cache`.
   */
  constructor(scheme: AuthScheme, admit: (identity: AuthContextInit) => AuthContext, limiter: Limiter) {
    this.#scheme = scheme;
    this.#admit = admit;
    this.#limiter = limiter;
    this.#ttl = uncachedTtl;
    if (scheme.cache === false) return;
    const { ttl, maxSize, store, namespace, secret, storeTimeout } = readCacheOptions(scheme.cache);
    if (store !== undefined && namespace === undefined && scheme.fingerprint === undefined) {
      throw new TypeError("cache.namespace: needed with a store. Give verifiers that may share entries the same name");
    }
    this.#ttl = ttl;
    const seal = secret === undefined ? undefined : createEntrySeal(secret);
    const owner = [scheme.name, namespace, scheme.fingerprint, isInternalScheme(scheme), seal?.salt];
    this.#memory = {
      entries: new LruMap(maxSize),
      refusals: new LruMap(Math.min(maxSize, refusals.max)),
      shared: store && {
        store: new SharedStore(store, storeTimeout),
        seal,
        prefix: `${JSON.stringify(owner)}\n`,
      },
    };
  }

  /**
   * Verifies a credential. Returns a cached result at once.
   *
   * @throws the error of the verification, at once or later.
   */
  verify(credential: Credential): Entry | Promise<Entry> {
    if (credential.key === undefined) {
      const verified = this.#limiter.run(credential, () => credential.verify());
      return verified instanceof Promise ? verified.then((v) => this.#accept(v)) : this.#accept(verified);
    }
    const digest = sha256(credential.key, "base64url");
    const entry = this.#memory?.entries.get(digest);
    if (entry !== undefined) {
      if (this.isLive(entry)) return entry;
      this.#memory?.entries.delete(digest);
    }
    const refusal = this.#memory?.refusals.get(digest);
    if (refusal !== undefined && !hasEnded(refusal) && isAfter(refusal) && refusal.error.final) throw refusal.error;
    let pending = this.#pending.get(digest);
    if (pending === undefined) {
      pending = this.#limiter.run(credential, () => this.#find(credential, digest)) as Promise<Entry>;
      this.#pending.set(digest, pending);
      const forget = () => this.#pending.delete(digest);
      pending.then(forget, forget);
    }
    return pending;
  }

  /** Returns true while the verification is young enough, the credential has not expired, and its key is trusted. */
  isLive(entry: Entry): boolean {
    if (hasEnded(entry)) return false;
    const { vouchedBy } = entry;
    return vouchedBy === undefined || this.#scheme.isCurrent === undefined || this.#scheme.isCurrent(vouchedBy);
  }

  async #find(credential: Credential, digest: string): Promise<Entry> {
    const memory = this.#memory;
    if (memory === undefined) return this.#accept(await credential.verify());
    const found = memory.shared && (await this.#fromStore(memory.shared, digest));
    if (found !== undefined) {
      memory.entries.set(digest, found);
      return found;
    }
    try {
      const entry = this.#accept(await credential.verify());
      memory.entries.set(digest, entry);
      if (memory.shared !== undefined) this.#toStore(memory.shared, digest, entry);
      return entry;
    } catch (error) {
      if (error instanceof InvalidCredentialError && error.final) {
        memory.refusals.set(digest, { error, since: wallTime(), ...endIn(refusals.ttl) });
      }
      throw error;
    }
  }

  #toStore({ store, seal, prefix }: Shared, digest: string, { context, until, vouchedBy }: Entry): void {
    const key = sha256(prefix + digest);
    const text = encodeEntry(context, until, vouchedBy);
    store.set(key, seal?.seal(text, key) ?? text, until - wallTime());
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
        if (this.isLive(entry)) return entry;
      }
    } catch {}
    store.delete(key);
    return undefined;
  }

  /** @throws TypeError for a malformed identity; InvalidCredentialError for one that has expired. */
  #accept({ identity, vouchedBy }: Verified, storedUntil = Number.POSITIVE_INFINITY): Entry {
    const context = this.#admit(identity);
    const expiresAt = expiryOf(context);
    if (wallTime() >= expiresAt) throw new InvalidCredentialError("expired", { reason: "expired" });
    // Bounded by our `ttl` too: the clock of the process that stored it may be wrong.
    const { until, untilMonotonic } = endIn(this.#ttl);
    return { context, expiresAt, until: Math.min(expiresAt, storedUntil, until), untilMonotonic, vouchedBy };
  }
}

/** Returns false if the wall clock was set back since. The refusal may come from a wrong clock. */
function isAfter({ since }: Refusal): boolean {
  return wallTime() >= since;
}
