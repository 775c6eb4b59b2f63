import type { AuthContext } from "../context/auth-context.js";
import { InvalidCredentialError } from "../errors/invalid-credential-error.js";
import { count } from "../options/check.js";
import { type OptionTable, readOptions } from "../options/read-options.js";
import { monotonicTime, wallTime } from "../platform/clock.js";
import { type CacheStore, storeCheck } from "./cache-options.js";
import { type RevocableScheme, RevocableSchemes } from "./revocable-schemes.js";
import { namesOfCaller, namesOfRevocation, type Revocation } from "./revocation-names.js";
import { SharedStore } from "./shared-store.js";
import { decodeRevocation, encodeRevocation, isSince } from "./stored-revocation.js";

/** How revocations are kept. All times in milliseconds. */
export interface RevocationOptions {
  /**
   * Where instances hear of each other's revocations, such as a Keyv. Who can write to it can refuse callers, who can
   * delete from it can undo revocations. By default, none: a revocation counts for this instance alone.
   */
  readonly store?: CacheStore;
  /** Within this time a revocation takes effect on other instances, while the store answers. By default, 5000. */
  readonly interval?: number;
  /** How long a revocation is kept: as long as the longest-lived credential at least. By default, 86400000: a day. */
  readonly ttl?: number;
  /** Most revocations that this instance keeps in memory. By default, 100000. */
  readonly maxSize?: number;
  /** How far the clock that issues credentials may be ahead of this one. By default, 5000. */
  readonly clockTolerance?: number;
  /** How long an answer of the store is waited for. By default, 250. */
  readonly storeTimeout?: number;
}

/** Credentials that count no more, although they would still be verified. */
export interface Revocations {
  /**
   * Revokes. This instance refuses from the moment of the call; the others within their `interval` of the promise's
   * fulfilment. An open stream ends within a second, on other instances when they hear of the revocation by another call.
   *
   * @throws TypeError for anything but one non-empty name, for a credential that no call can present, and for a credential
   * if no scheme knows its callers' credentials; RangeError if `maxSize` are kept. Nothing is revoked then. An Error if the
   * store did not take it: this instance refuses, and the others have to be told again.
   * @example
   * await auth.revoke({ credential: token });
   */
  revoke(what: Revocation): Promise<void>;
  /**
   * Refuses a revoked caller: at once by what is known here, or later, where the store has to be asked first.
   *
   * @param presented - what the caller presented.
   * @throws InvalidCredentialError
   */
  check(presented: string | undefined, context: AuthContext): Promise<void> | undefined;
  /**
   * Refuses a caller whom this process knows to be revoked. Synchronous: the last step before a handler runs.
   *
   * @param presented - the credential, as for `check`.
   * @throws InvalidCredentialError
   */
  checkKnown(presented: string | undefined, context: AuthContext): void;
  /** Names schemes whose callers it refuses: `revoke({ credential })` is refused if none of them knows its credential. */
  serve?(schemes: readonly RevocableScheme[]): void;
}

interface Kept {
  /** Credentials of a subject that were issued later are not meant. Milliseconds since the epoch. */
  readonly at: number;
  /** By the monotonic clock: setting the wall clock must not end a revocation. */
  readonly until: number;
}

/** The last question to the store about a caller. */
interface Asked {
  readonly names: readonly string[];
  /** By the monotonic clock. */
  at: number;
  pending: Promise<void> | undefined;
}

/** No clock is as far ahead, in milliseconds: a time of issue beyond is a mistake. */
const farAhead = 86_400_000;

const revocationOptions = (): OptionTable<RevocationOptions, Exclude<keyof RevocationOptions, "store">> => ({
  store: storeCheck,
  interval: { ...count, fallback: 5_000 },
  ttl: { ...count, fallback: 86_400_000 },
  maxSize: { ...count, fallback: 100_000 },
  clockTolerance: { ...count, fallback: 5_000 },
  storeTimeout: { ...count, fallback: 250 },
});

/** @throws TypeError naming the option that is malformed. */
export function createRevocations(options: RevocationOptions = {}): Revocations {
  const { store, interval, ttl, maxSize, clockTolerance, storeTimeout } = readOptions(
    "revocations",
    options,
    revocationOptions,
    "revocations.",
  );
  const shared = store && new SharedStore(store, storeTimeout, "revocations.store");
  const kept = new Map<string, Kept>();
  const asked = new WeakMap<AuthContext, Asked>();
  const schemes = new RevocableSchemes();

  /** Whether all of these can be kept, once revocations that are over have been dropped. */
  function hasRoomFor(names: readonly string[]): boolean {
    const fits = () => kept.size + names.filter((name) => !kept.has(name)).length <= maxSize;
    if (fits()) return true;
    const now = monotonicTime();
    for (const [old, { until }] of kept) if (now >= until) kept.delete(old);
    return fits();
  }

  function keep(name: string, { at, until }: Kept): void {
    const known = kept.get(name);
    const counts = known !== undefined && monotonicTime() < known.until;
    // An older one, which the store may still have, does not undo a newer one.
    kept.set(name, counts ? { at: Math.max(at, known.at), until: Math.max(until, known.until) } : { at, until });
  }

  function isMeant({ at, until }: Kept, name: string, context: AuthContext): boolean {
    if (monotonicTime() >= until) return false;
    const issuedAt = Object.hasOwn(context.claims, "iat") ? context.claims["iat"] : undefined;
    if (!name.startsWith("subject") || typeof issuedAt !== "number") return true;
    const time = issuedAt * 1_000;
    // A time that is days away says nothing: most likely it is in milliseconds.
    return time <= at + clockTolerance || time > wallTime() + farAhead;
  }

  /** @throws InvalidCredentialError */
  function refuseKept(names: readonly string[], context: AuthContext): void {
    for (const name of names) {
      const revocation = kept.get(name);
      if (revocation !== undefined && isMeant(revocation, name, context)) throw revoked(name);
    }
  }

  function callerOf(presented: string | undefined, context: AuthContext): Asked {
    let caller = asked.get(context);
    if (caller === undefined) {
      caller = { names: namesOfCaller(presented, context), at: Number.NEGATIVE_INFINITY, pending: undefined };
      asked.set(context, caller);
    }
    return caller;
  }

  async function ask(shared: SharedStore, caller: Asked, context: AuthContext): Promise<void> {
    const now = monotonicTime();
    const texts = await Promise.all(caller.names.map((name) => shared.get(prefix + name)));
    for (const [i, name] of caller.names.entries()) {
      const text = texts[i];
      if (text === undefined) continue;
      const stored = decodeRevocation(text);
      if (stored === undefined) shared.reportUnreadable();
      // An unreadable revocation is a revocation all the same.
      const { at, left } = stored ?? { at: Number.POSITIVE_INFINITY, left: ttl };
      const revocation = { at, until: now + Math.min(left, ttl) };
      if (hasRoomFor([name])) keep(name, revocation);
      if (isMeant(revocation, name, context)) throw revoked(name);
    }
    // What was revoked here while the store was asked.
    refuseKept(caller.names, context);
    // Only now: a caller who is revoked is asked about again.
    caller.at = now;
  }

  return {
    serve: (served) => schemes.add(served),
    async revoke(what) {
      const names = namesOfRevocation(what);
      if (Object.hasOwn(what, "credential")) schemes.checkCredential();
      if (!hasRoomFor(names)) throw new RangeError(`${maxSize} revocations are kept already`);
      const at = wallTime();
      for (const name of names) keep(name, { at, until: monotonicTime() + ttl });
      if (shared === undefined) return;
      let cause: unknown;
      try {
        const texts = await Promise.all(
          names.map((name) => shared.putAndRead(prefix + name, encodeRevocation(at, at + ttl), ttl)),
        );
        if (texts.every((text) => text !== undefined && isSince(text, at))) return;
      } catch (error) {
        cause = error;
      }
      throw new Error("the store did not take the revocation: only this instance refuses", { cause });
    },
    checkKnown(presented, context) {
      if (kept.size > 0) refuseKept(callerOf(presented, context).names, context);
    },
    check(presented, context) {
      if (shared === undefined && kept.size === 0) return undefined;
      const caller = callerOf(presented, context);
      refuseKept(caller.names, context);
      if (shared === undefined || monotonicTime() - caller.at < interval) return undefined;
      caller.pending ??= ask(shared, caller, context).finally(() => {
        caller.pending = undefined;
      });
      return caller.pending;
    },
  };
}

const prefix = "connectum-auth-revoked:";

function revoked(name: string): InvalidCredentialError {
  return new InvalidCredentialError(`revoked by ${name.slice(0, name.indexOf(":"))}`, { reason: "revoked" });
}
