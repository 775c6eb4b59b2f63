import type { AuthContext } from "../context/auth-context.js";
import { isInternal } from "../context/internal-identity.js";
import { type End, endIn, hasEnded, startTimer } from "../platform/clock.js";
import { createWarning } from "../platform/warn.js";
import { isNameList } from "../policy/name-list.js";
import { isFixed } from "./caller.js";
import type { FindGrants, GrantsCacheOptions } from "./grants.js";

/** Milliseconds after a failure in which the function is not called again for the same caller and resource. */
const coolDown = 1_000;

interface Answer {
  readonly subject: string;
  readonly names: ReadonlySet<string>;
  readonly fresh: End;
  /** The end of the time in which the answer may replace a failed one. */
  readonly stale: End;
}

interface Failure {
  readonly error: unknown;
  readonly retry: End;
}

interface Pending {
  readonly subject: string;
  readonly answer: Promise<ReadonlySet<string>>;
  /** Whether the permissions may have changed since the question. */
  isOutdated: boolean;
}

/**
 * Finds the permissions of callers by a function, and remembers them for `ttl`. Concurrent calls of one caller share one
 * question.
 *
 * A failed question never widens permissions: the call fails, or the last answer counts for at most `staleTtl` longer.
 */
export class GrantMemory {
  readonly #find: FindGrants;
  readonly #options: Required<GrantsCacheOptions>;
  /** In the order of their last answer. */
  readonly #answers: Map<string, Answer> = new Map();
  readonly #failures: Map<string, Failure> = new Map();
  readonly #pending: Map<string, Pending> = new Map();
  readonly #names: WeakMap<AuthContext, string> = new WeakMap();
  readonly #warnOfFailure: () => void = createWarning("grants failed: permissions cannot be determined");

  constructor(find: FindGrants, options: Required<GrantsCacheOptions>) {
    this.#find = find;
    this.#options = options;
  }

  /**
   * Returns the permissions of a caller, on a resource or in general. Returns remembered ones at once.
   *
   * @throws the error of the function, later.
   */
  get(caller: AuthContext, resource: string | undefined): ReadonlySet<string> | Promise<ReadonlySet<string>> {
    const key = this.#keyOf(caller, resource);
    const known = this.#answers.get(key);
    return known !== undefined && !hasEnded(known.fresh) ? known.names : this.#ask(key, caller, resource);
  }

  /** Returns the last answer about a caller, of any age. Undefined if there is none. Does not call the function. */
  peek(caller: AuthContext, resource: string | undefined): ReadonlySet<string> | undefined {
    return this.#answers.get(this.#keyOf(caller, resource))?.names;
  }

  /** Forgets the permissions of a subject, or of all. Calls that wait for an answer ask again. */
  forget(subject?: string): void {
    const isMeant = (one: { readonly subject: string }) => subject === undefined || one.subject === subject;
    for (const [key, answer] of this.#answers) if (isMeant(answer)) this.#answers.delete(key);
    for (const [key, pending] of this.#pending) {
      if (!isMeant(pending)) continue;
      pending.isOutdated = true;
      this.#pending.delete(key);
    }
    this.#failures.clear();
  }

  async #ask(key: string, caller: AuthContext, resource: string | undefined): Promise<ReadonlySet<string>> {
    for (;;) {
      const failure = this.#failures.get(key);
      if (failure !== undefined && !hasEnded(failure.retry)) return this.#afterFailure(key, failure.error);
      const pending = this.#pending.get(key) ?? this.#start(key, caller, resource);
      try {
        const names = await pending.answer;
        if (!pending.isOutdated) return names;
      } catch (error) {
        if (!pending.isOutdated) return this.#afterFailure(key, error);
      }
    }
  }

  #start(key: string, caller: AuthContext, resource: string | undefined): Pending {
    const { subject } = caller;
    const pending: Pending = { subject, answer: this.#question(caller, resource), isOutdated: false };
    this.#pending.set(key, pending);
    // From the question, not the answer: a slow answer is as old as its question.
    const { ttl, staleTtl } = this.#options;
    const [fresh, stale] = [endIn(ttl), endIn(ttl + staleTtl)];
    pending.answer.then(
      (names) => {
        if (pending.isOutdated) return;
        this.#pending.delete(key);
        this.#failures.delete(key);
        this.#remember(this.#answers, key, { subject, names, fresh, stale });
      },
      (error) => {
        if (pending.isOutdated) return;
        this.#pending.delete(key);
        this.#warnOfFailure();
        this.#remember(this.#failures, key, { error, retry: endIn(coolDown) });
      },
    );
    return pending;
  }

  /** Calls the function once, within the time limit. */
  async #question(caller: AuthContext, resource: string | undefined): Promise<ReadonlySet<string>> {
    const { timeout } = this.#options;
    const controller = new AbortController();
    return new Promise((resolve, reject) => {
      const timer = startTimer(timeout, () => {
        const error = new Error(`grants: no answer within ${timeout} ms`);
        reject(error);
        controller.abort(error);
      });
      const settle = async () => readNames(await this.#find(caller, { resource, signal: controller.signal }));
      settle()
        .then(resolve, reject)
        .finally(() => timer.cancel());
    });
  }

  #afterFailure(key: string, error: unknown): ReadonlySet<string> {
    const last = this.#answers.get(key);
    if (last !== undefined && !hasEnded(last.stale)) return last.names;
    throw error;
  }

  #remember<T>(memory: Map<string, T>, key: string, value: T): void {
    memory.delete(key);
    memory.set(key, value);
    if (memory.size <= this.#options.maxSize) return;
    const [oldest] = memory.keys();
    if (oldest !== undefined) memory.delete(oldest);
  }

  #keyOf(caller: AuthContext, resource: string | undefined): string {
    return JSON.stringify([this.#nameOf(caller), resource]);
  }

  /** Everything that the function can see, without the times and the number of a token: a new token is no new caller. */
  #nameOf(caller: AuthContext): string {
    const known = this.#names.get(caller);
    if (known !== undefined) return known;
    const { subject, name, type, roles, scopes, permissions, actor } = caller;
    const claims = Object.entries(caller.claims).filter(([claim]) => !["exp", "iat", "nbf", "jti"].includes(claim));
    const text = JSON.stringify([subject, name, type, roles, scopes, permissions, claims, actor, isInternal(caller)]);
    if (isFixed(caller)) this.#names.set(caller, text);
    return text;
  }
}

/** @throws TypeError for anything but names. Malformed permissions are a failure, not fewer permissions. */
function readNames(answer: unknown): ReadonlySet<string> {
  const isIterable = typeof answer === "object" && answer !== null && Symbol.iterator in answer;
  const names = isIterable ? Array.from(answer as Iterable<unknown>) : undefined;
  if (names !== undefined && isNameList(names)) return new Set(names);
  throw new TypeError("grants: the function must return a list or a Set of non-empty strings");
}
