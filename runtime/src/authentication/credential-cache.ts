import { type LRU, lru } from "tiny-lru";
import { expiryOf } from "../call/standing.js";
import type { AuthContext, AuthContextInit } from "../context/auth-context.js";
import { InvalidCredentialError } from "../errors/invalid-credential-error.js";
import { monotonicTime, wallTime } from "../platform/clock.js";
import { sha256 } from "../platform/sha256.js";
import { type AuthScheme, type Credential, isInternalScheme, type Verified } from "../schemes/scheme.js";
import { readCacheOptions } from "../store/cache-options.js";
import { createEntrySeal, type EntrySeal } from "../store/entry-seal.js";
import { SharedStore } from "../store/shared-store.js";
import { decodeEntry, encodeEntry } from "../store/stored-entry.js";
import type { Limiter } from "./limits.js";

/** How long, in milliseconds, and how many refusals that are final are remembered. */
const refusals = { ttl: 10_000, max: 1_000 };

/** How long, in milliseconds, a verification counts that is not remembered: for the call that it was made for. */
const uncachedTtl = 5_000;

/**
 * The end of a period. By both clocks, whichever is first: the wall clock can be set back, and the monotonic clock stands
 * still while the machine sleeps.
 */
interface End {
  /** Milliseconds since the epoch. */
  readonly until: number;
  readonly untilMonotonic: number;
}

/** A verified credential. It counts until the end of the period, which is not after `expiresAt`. */
export interface Entry extends End {
  readonly context: AuthContext;
  /** When the credential expires: milliseconds since the epoch, or infinity. */
  readonly expiresAt: number;
  readonly vouchedBy: string | undefined;
}

interface Refusal extends End {
  readonly error: InvalidCredentialError;
  /** Milliseconds since the epoch. */
  readonly since: number;
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
  readonly refusals: LRU<Refusal>;
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
      throw new TypeError("cache.namespace: needed with a store, to say whose verifications are shared");
    }
    this.#ttl = ttl;
    const seal = secret === undefined ? undefined : createEntrySeal(secret);
    const owner = [scheme.name, namespace, scheme.fingerprint, isInternalScheme(scheme), seal?.salt];
    this.#memory = {
      entries: lru(maxSize),
      refusals: lru(Math.min(maxSize, refusals.max)),
      shared: store && {
        store: new SharedStore(store, storeTimeout),
        seal,
        prefix: `${JSON.stringify(owner)}\n`,
      },
    };
  }

  /**
   * Verifies a credential: at once where it is remembered.
   *
   * @throws what the verification throws, at once or later.
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

  /** Whether a verification still counts: it is not too old, the credential has not expired, and its key is still trusted. */
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
    // Bounded by the own `ttl` as well, since the clock of whoever stored an entry may be wrong.
    const { until, untilMonotonic } = endIn(this.#ttl);
    return { context, expiresAt, until: Math.min(expiresAt, storedUntil, until), untilMonotonic, vouchedBy };
  }
}

function endIn(ttl: number): End {
  return { until: wallTime() + ttl, untilMonotonic: monotonicTime() + ttl };
}

function hasEnded({ until, untilMonotonic }: End): boolean {
  return wallTime() >= until || monotonicTime() >= untilMonotonic;
}

/** False if the wall clock was set back since: the credential may have expired only by a wrong clock. */
function isAfter({ since }: Refusal): boolean {
  return wallTime() >= since;
}
