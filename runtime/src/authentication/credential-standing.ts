import type { Standing } from "../call/call-state.js";
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
  ) {
    this.context = context;
    this.#expiresAt = expiresAt;
    this.#presented = presented;
    this.#challenges = challenges;
    this.#revocations = revocations;
    this.#before = before;
  }

  watch(end: (error: unknown) => void): (() => void) | undefined {
    const stopBefore = this.#before?.watch(end);
    const stop = this.#revocations?.watch?.(this.#presented, this.context, (cause) =>
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
    if (wallTime() >= this.#expiresAt) throw expiredCredentials(this.#challenges);
    try {
      this.#revocations?.checkKnown(this.#presented, this.context);
    } catch (cause) {
      throw failedVerification(cause, this.#challenges);
    }
  }
}
