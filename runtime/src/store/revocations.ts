import type { AuthContext } from "../context/auth-context.js";
import { count } from "../options/check.js";
import { type OptionTable, readOptions } from "../options/read-options.js";
import { monotonicTime, wallTime } from "../platform/clock.js";
import { type CacheStore, storeCheck } from "./cache-options.js";
import { type RevocableScheme, RevocableSchemes } from "./revocable-schemes.js";
import { RevocationMemory } from "./revocation-memory.js";
import { namesOfCaller, namesOfRevocation, type Revocation } from "./revocation-names.js";
import { RevocationWatch } from "./revocation-watch.js";
import { SharedStore } from "./shared-store.js";
import { decodeRevocation, encodeRevocation, isSince } from "./stored-revocation.js";

/** Options of {@link createRevocations}. All times in milliseconds. */
export interface RevocationOptions {
  /**
   * The store that instances share, such as a Keyv. Write access to it refuses callers; delete access undoes revocations. By
   * default, none: revocations apply to this instance only.
   */
  readonly store?: CacheStore;
  /** Longest delay on other instances while the store answers. By default, 5000. */
  readonly interval?: number;
  /** Lifetime of a revocation: at least that of the longest-lived credential. By default, 86400000: a day. */
  readonly ttl?: number;
  /** Most revocations in the memory of this instance. By default, 100000. */
  readonly maxSize?: number;
  /** Longest lead of the issuer's clock over ours. By default, 5000. */
  readonly clockTolerance?: number;
  /** Longest wait for the store. By default, 250. */
  readonly storeTimeout?: number;
}

/** Revoked credentials. Their verification alone would still succeed. */
export interface Revocations {
  /**
   * Revokes credentials: on this instance at once, on others within their `interval` after the promise is fulfilled. Open streams
   * end within a second on this instance, and within the `interval` on others.
   *
   * @throws TypeError for anything but one non-empty name, for a credential that no call can present, and for a credential
   * that no scheme knows; RangeError if the memory has `maxSize` revocations. Nothing is revoked then. Rejects with an Error if
   * the store did not accept it: only this instance refuses. Call it again.
   *
   * @example
   * await auth.revoke({ credential: token });
   */
  revoke(what: Revocation): Promise<void>;
  /**
   * Refuses a revoked caller: at once from memory, or later from the store.
   *
   * @param presented - the presented credential.
   * @throws InvalidCredentialError
   */
  check(presented: string | undefined, context: AuthContext): Promise<void> | undefined;
  /**
   * Refuses a caller that is revoked in memory. Synchronous: the last check before a handler.
   *
   * @param presented - the credential, as for `check`.
   * @throws InvalidCredentialError
   */
  checkKnown(presented: string | undefined, context: AuthContext): void;
  /**
   * Watches the caller of an open stream for revocations by other instances.
   *
   * @param end - receives the {@link InvalidCredentialError} of a revoked caller.
   * @returns a function that stops. Undefined without a store.
   */
  watch?(presented: string | undefined, context: AuthContext, end: (cause: unknown) => void): (() => void) | undefined;
  /** Registers schemes. `revoke({ credential })` fails if none of them knows its credential. */
  serve?(schemes: readonly RevocableScheme[]): void;
}

/** The last read of the store about a caller. */
interface Asked {
  readonly names: readonly string[];
  /** By the monotonic clock. */
  at: number;
  pending: Promise<void> | undefined;
}

const revocationOptions = (): OptionTable<RevocationOptions, Exclude<keyof RevocationOptions, "store">> => ({
  store: storeCheck,
  interval: { ...count, fallback: 5_000 },
  ttl: { ...count, fallback: 86_400_000 },
  maxSize: { ...count, fallback: 100_000 },
  clockTolerance: { ...count, fallback: 5_000 },
  storeTimeout: { ...count, fallback: 250 },
});

/**
 * Creates a list of revoked credentials, for the option `revocations`. Share one between servers of a process, and its store
 * between instances.
 *
 * @throws TypeError naming the malformed option.
 *
 * @example
 * const revocations = createRevocations({ store: new Keyv(new KeyvRedis(url)) });
 * const auth = createAuth({ policies, authenticate, revocations });
 * await auth.revoke({ subject: "ada" });
 */
export function createRevocations(options: RevocationOptions = {}): Revocations {
  const { store, interval, ttl, maxSize, clockTolerance, storeTimeout } = readOptions(
    "revocations",
    options,
    revocationOptions,
    "revocations.",
  );
  const shared = store && new SharedStore(store, storeTimeout, "revocations.store");
  const memory = new RevocationMemory(maxSize, clockTolerance);
  const asked = new WeakMap<AuthContext, Asked>();
  const schemes = new RevocableSchemes();
  const watch = shared && new RevocationWatch(() => shared.get(markKey), interval);

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
      // An unreadable revocation still revokes.
      const { at, left } = stored ?? { at: Number.POSITIVE_INFINITY, left: ttl };
      const revocation = { at, until: now + Math.min(left, ttl) };
      if (memory.hasRoomFor([name])) memory.keep(name, revocation);
      memory.checkAgainst(revocation, name, context);
    }
    // Revocations of this instance during the read.
    memory.check(caller.names, context);
    // Not earlier: a revoked caller is read again.
    caller.at = now;
  }

  return {
    serve: (served) => schemes.add(served),
    async revoke(what) {
      const names = namesOfRevocation(what);
      if (Object.hasOwn(what, "credential")) schemes.checkCredential();
      if (!memory.hasRoomFor(names)) throw new RangeError(`${maxSize} revocations are kept already`);
      const at = wallTime();
      for (const name of names) memory.keep(name, { at, until: monotonicTime() + ttl });
      if (shared === undefined) return;
      let cause: unknown;
      try {
        const texts = await Promise.all(
          names.map((name) => shared.putAndRead(prefix + name, encodeRevocation(at, at + ttl), ttl)),
        );
        // After the revocations: who reads the mark must find them.
        const isTaken = texts.every((text) => text !== undefined && isSince(text, at));
        if (isTaken && (await shared.put(markKey, `${at}.${Math.random()}`, ttl))) return;
      } catch (error) {
        cause = error;
      }
      throw new Error("the store did not take the revocation: only this instance refuses", { cause });
    },
    watch(presented, context, end) {
      return shared && watch?.add(() => ask(shared, callerOf(presented, context), context), end);
    },
    checkKnown(presented, context) {
      if (!memory.isEmpty) memory.check(callerOf(presented, context).names, context);
    },
    check(presented, context) {
      if (shared === undefined && memory.isEmpty) return undefined;
      const caller = callerOf(presented, context);
      memory.check(caller.names, context);
      if (shared === undefined || monotonicTime() - caller.at < interval) return undefined;
      caller.pending ??= ask(shared, caller, context).finally(() => {
        caller.pending = undefined;
      });
      return caller.pending;
    },
  };
}

const prefix = "connectum-auth-revoked:";

/** Changes with every revocation. No name of a revocation is empty. */
const markKey: string = prefix;
