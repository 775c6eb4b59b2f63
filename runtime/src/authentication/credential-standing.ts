import type { Standing } from "../call/call-state.js";
import { endsWith, type StreamEndings } from "../call/stream-endings.js";
import type { AuthContext } from "../context/auth-context.js";
import { failedVerification } from "../errors/failed-verification.js";
import { expiredCredentials } from "../errors/unauthenticated.js";
import { wallTime } from "../platform/clock.js";
import type { Revocations } from "../store/revocations.js";
import type { Entry } from "./credential-cache.js";

/** The credential that the pipeline verified for a call. */
export class CredentialStanding implements Standing {
  guarded = false;
  readonly context: AuthContext;
  readonly #expiresAt: number;
  readonly #presented: string | undefined;
  readonly #challenges: readonly string[];
  readonly #revocations: Revocations | undefined;
  readonly #before: Standing | undefined;
  readonly streams: StreamEndings;

  /**
   * @param presented - the credential, for revocations.
   * @param before - the credential that an earlier interceptor verified for this call. It must stay valid as well.
   */
  constructor(
    { context, expiresAt }: Entry,
    presented: string | undefined,
    challenges: readonly string[],
    revocations: Revocations | undefined,
    before: Standing | undefined,
    streams: StreamEndings,
  ) {
    this.context = context;
    this.#expiresAt = expiresAt;
    this.#presented = presented;
    this.#challenges = challenges;
    this.#revocations = revocations;
    this.#before = before;
    this.streams = streams;
  }

  watch(end: (error: unknown) => void): (() => void) | undefined {
    const stopBefore = this.#before?.watch(end);
    const revocations = endsWith(this.streams, "revocation") ? this.#revocations : undefined;
    const stop = revocations?.watch?.(this.#presented, this.context, (cause) =>
      end(failedVerification(cause, this.#challenges)),
    );
    if (!stop || !stopBefore) return stop ?? stopBefore;
    return () => {
      stop();
      stopBefore();
    };
  }

  check(): void {
    this.#before?.check();
    this.#checkExpiry();
    this.#checkRevocations();
  }

  checkOpen(): void {
    this.#before?.checkOpen();
    if (endsWith(this.streams, "expiry")) this.#checkExpiry();
    if (endsWith(this.streams, "revocation")) this.#checkRevocations();
  }

  #checkExpiry(): void {
    if (wallTime() >= this.#expiresAt) throw expiredCredentials(this.#challenges);
  }

  #checkRevocations(): void {
    try {
      this.#revocations?.checkKnown(this.#presented, this.context);
    } catch (cause) {
      throw failedVerification(cause, this.#challenges);
    }
  }
}
