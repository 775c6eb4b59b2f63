import { wallTime } from "../clock.js";
import type { AuthContext } from "../context/auth-context.js";
import { expiredCredentials, failedVerification } from "./authentication-error.js";
import type { Entry } from "./credential-cache.js";
import type { Revocations } from "./revocations.js";
import type { Standing } from "./standing.js";

/** A credential that the pipeline verified for a call. */
export class CredentialStanding implements Standing {
  guarded = false;
  readonly #entry: Entry;
  readonly #presented: string | undefined;
  readonly #challenges: readonly string[];
  readonly #revocations: Revocations | undefined;
  readonly #before: Standing | undefined;

  /**
   * @param presented - the credential, by which it may be revoked.
   * @param before - a credential that an interceptor before this one verified for the same call: it has to count as well.
   */
  constructor(
    entry: Entry,
    presented: string | undefined,
    challenges: readonly string[],
    revocations: Revocations | undefined,
    before: Standing | undefined,
  ) {
    this.#entry = entry;
    this.#presented = presented;
    this.#challenges = challenges;
    this.#revocations = revocations;
    this.#before = before;
  }

  get context(): AuthContext {
    return this.#entry.context;
  }

  check(): void {
    this.#before?.check();
    if (wallTime() >= this.#entry.expiresAt) throw expiredCredentials(this.#challenges);
    try {
      this.#revocations?.checkKnown(this.#presented, this.#entry.context);
    } catch (cause) {
      throw failedVerification(cause, this.#challenges);
    }
  }
}
