import type { AuthContext } from "../context/auth-context.js";
import { InvalidCredentialError } from "../errors/invalid-credential-error.js";
import { monotonicTime, wallTime } from "../platform/clock.js";

/** A revocation in the memory of this process. */
export interface KeptRevocation {
  /** Time of the revocation, in milliseconds since the epoch. It does not cover a subject's later credentials. */
  readonly at: number;
  /** By the monotonic clock: a change of the wall clock must not end a revocation. */
  readonly until: number;
}

/** Longest plausible lead of a clock, in milliseconds. A later time of issue is a mistake. */
const farAhead = 86_400_000;

/** The revocations that this process knows, by name. */
export class RevocationMemory {
  readonly #kept: Map<string, KeptRevocation> = new Map();
  readonly #maxSize: number;
  readonly #clockTolerance: number;

  /** @param clockTolerance - longest lead of the issuer's clock over ours, in milliseconds. */
  constructor(maxSize: number, clockTolerance: number) {
    this.#maxSize = maxSize;
    this.#clockTolerance = clockTolerance;
  }

  get isEmpty(): boolean {
    return this.#kept.size === 0;
  }

  /** Returns true if there is room for these names. Drops expired revocations first. */
  hasRoomFor(names: readonly string[]): boolean {
    const fits = () => this.#kept.size + names.filter((name) => !this.#kept.has(name)).length <= this.#maxSize;
    if (fits()) return true;
    const now = monotonicTime();
    for (const [name, { until }] of this.#kept) if (now >= until) this.#kept.delete(name);
    return fits();
  }

  keep(name: string, { at, until }: KeptRevocation): void {
    const known = this.#kept.get(name);
    const counts = known !== undefined && monotonicTime() < known.until;
    // An older one from the store must not undo a newer one.
    this.#kept.set(name, counts ? { at: Math.max(at, known.at), until: Math.max(until, known.until) } : { at, until });
  }

  /**
   * Refuses a caller whom a revocation of these names covers.
   *
   * @throws InvalidCredentialError
   */
  check(names: readonly string[], context: AuthContext): void {
    for (const name of names) {
      const revocation = this.#kept.get(name);
      if (revocation !== undefined) this.checkAgainst(revocation, name, context);
    }
  }

  /** Refuses a caller whom this revocation covers. @throws InvalidCredentialError */
  checkAgainst({ at, until }: KeptRevocation, name: string, context: AuthContext): void {
    if (monotonicTime() >= until) return;
    const [kind] = name.split(":", 1);
    if (kind === "subject" && this.#isIssuedAfter(at, context)) return;
    throw new InvalidCredentialError(`revoked by ${kind}`, { reason: "revoked" });
  }

  /** Returns false without a plausible time of issue. */
  #isIssuedAfter(at: number, { claims }: AuthContext): boolean {
    const issuedAt = Object.hasOwn(claims, "iat") ? claims["iat"] : undefined;
    if (typeof issuedAt !== "number") return false;
    const time = issuedAt * 1_000;
    // A time days ahead is a mistake, most likely milliseconds.
    return time > at + this.#clockTolerance && time <= wallTime() + farAhead;
  }
}
