import { Code, ConnectError } from "@connectrpc/connect";
import type { AuthContext } from "../context/auth-context.js";
import { InvalidCredentialError } from "../errors/invalid-credential-error.js";
import { maxCredentialLength } from "../headers/authorization-token.js";
import { count } from "../options/check.js";
import { type OptionTable, readOptions } from "../options/read-options.js";
import { isPromiseLike } from "../platform/is-promise-like.js";
import { memberOf } from "../platform/member-of.js";
import { TimeLimit } from "../platform/time-limit.js";
import type { Credential } from "../schemes/scheme.js";

/** Limits for each caller. */
export interface AuthLimits {
  /** Longest credential in characters. By default, and at most for Bearer tokens, 16384. */
  readonly credentialLength?: number;
  /** Most roles of an identity. By default, 1000. */
  readonly roles?: number;
  /** Most scopes of an identity. By default, 1000. */
  readonly scopes?: number;
  /** Most permissions of an identity. By default, 1000. */
  readonly permissions?: number;
  /** Longest time of a verification in milliseconds. Then the answer is `unavailable`. By default, 10000. */
  readonly verificationTime?: number;
  /**
   * Most concurrent verifications, for each scheme and issuer, and as many proofs of possession. A call beyond is answered with
   * `unavailable` at once. Cached credentials need no verification. By default, 1000.
   */
  readonly verifications?: number;
}

const limitOptions = (): OptionTable<AuthLimits, keyof AuthLimits> => ({
  credentialLength: { ...count, fallback: maxCredentialLength },
  roles: { ...count, fallback: 1_000 },
  scopes: { ...count, fallback: 1_000 },
  permissions: { ...count, fallback: 1_000 },
  verificationTime: { ...count, fallback: 10_000 },
  verifications: { ...count, fallback: 1_000 },
});

/** Enforces the limits of one scheme. */
export class Limiter {
  readonly #limits: Required<AuthLimits>;
  /** By issuer: an unreachable issuer must not delay others. */
  readonly #timeLimits: Map<string, TimeLimit> = new Map();
  /** Apart from verifications: a flood of proofs by known callers must not delay the others. */
  #proofLimit: TimeLimit | undefined;

  /** @throws TypeError for a limit that is not a whole number above 0. */
  constructor(options: AuthLimits = {}) {
    this.#limits = readOptions("limits", options, limitOptions, "limits.");
  }

  /** @throws InvalidCredentialError */
  checkCredential(credential: string | undefined): void {
    if (credential !== undefined && credential.length > this.#limits.credentialLength) {
      throw new InvalidCredentialError("the credential is too long", { reason: "too-large" });
    }
  }

  /** @throws InvalidCredentialError */
  checkIdentity(identity: AuthContext): void {
    for (const field of ["roles", "scopes", "permissions"] as const) {
      if (identity[field].length <= this.#limits[field]) continue;
      throw new InvalidCredentialError(`too many ${field}`, { reason: "too-large" });
    }
  }

  /**
   * Runs a verification within the limits of its issuer.
   *
   * @throws ConnectError with code `unavailable`, or later with `deadline_exceeded`.
   */
  run<T>(credential: Credential, verify: () => T | PromiseLike<T>): T | Promise<T> {
    const issuer = memberOf(credential, "issuer")?.call(credential) ?? "";
    let timeLimit = this.#timeLimits.get(issuer);
    if (timeLimit === undefined) {
      timeLimit = new TimeLimit(this.#limits.verificationTime);
      this.#timeLimits.set(issuer, timeLimit);
    }
    if (timeLimit.waiting >= this.#limits.verifications) {
      throw new ConnectError("too many verifications at the same time", Code.Unavailable);
    }
    const verified = verify();
    return isPromiseLike(verified) ? timeLimit.within(verified) : verified;
  }

  /**
   * Runs the verification of a proof of possession, within the same limits.
   *
   * @throws ConnectError as {@link run}.
   */
  runProof(prove: () => void | PromiseLike<void>): void | Promise<void> {
    this.#proofLimit ??= new TimeLimit(this.#limits.verificationTime);
    if (this.#proofLimit.waiting >= this.#limits.verifications) {
      throw new ConnectError("too many proofs at the same time", Code.Unavailable);
    }
    const proven = prove();
    return isPromiseLike(proven) ? this.#proofLimit.within(proven).then(checkNothing) : checkNothing(proven);
  }
}

/** Code without types may return false to refuse. @throws TypeError */
function checkNothing(proven: unknown): void {
  if (proven !== undefined) throw new TypeError("prove: expected nothing; throw an InvalidCredentialError to refuse");
}
