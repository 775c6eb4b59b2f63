import { asymmetricAlgorithms } from "../keys/verification-jwk.js";
import {
  anything,
  count,
  milliseconds,
  type OptionCheck,
  optional,
  required,
  seconds,
  textOrTexts,
  tolerance,
  withDefault,
  word,
} from "../options/check.js";
import { type OptionTable, type Read, readOptions } from "../options/read-options.js";
import { type CacheStore, storeCheck } from "../store/cache-options.js";
import type { ReplayStore } from "./replay-store.js";

/** Options of `dpop`. */
export interface DpopOptions {
  /**
   * The `baseUrl` of the clients' transports, or several: the address of the API as clients know it, with its path prefix. A
   * proof is for this address, then service and method.
   */
  readonly baseUrl: string | undefined | readonly (string | undefined)[];
  /** Accepted signature algorithms. Default: `ES256`, `PS256`, `EdDSA` and `Ed25519`. */
  readonly algorithms?: readonly string[];
  /** Longest age of a proof, in seconds. Default: 60. */
  readonly maxAge?: number;
  /** Longest time in seconds that the clock of a client, or of another instance, may be ahead. Default: 5. */
  readonly clockTolerance?: number;
  /**
   * Demands a nonce of the server in every proof (RFC 9449 section 9), so that no proof can be made in advance. Default: none.
   */
  readonly nonce?: DpopNonceOptions;
  /**
   * A store that all instances share, for proofs that were used. Without it, a proof can be used once at each instance. Default:
   * none.
   */
  readonly store?: ReplayStore | CacheStore;
  /** Longest wait for the store in milliseconds. Default: 250. */
  readonly storeTimeout?: number;
  /**
   * While the store fails: `refuse` answers `unavailable`; `local` refuses only the proofs that were used at this instance. Default:
   * `refuse`.
   */
  readonly storeFailure?: "refuse" | "local";
  /**
   * Most proofs that one instance remembers, each until it is too old. Calls beyond are answered with `unavailable`. Default:
   * 500000, which take about 60 MB.
   */
  readonly maxSize?: number;
}

/** Options of the server's nonce. */
export interface DpopNonceOptions {
  /** At least 32 characters, equal for all instances. Of several, the first makes nonces, and all of them count. */
  readonly secret: string | undefined | readonly (string | undefined)[];
  /** Time in seconds after which a new nonce is given out. The old one counts once more as long. Default: 300. */
  readonly lifetime?: number;
}

const algorithmsCheck: OptionCheck = {
  accepts: (value) =>
    Array.isArray(value) && value.length > 0 && value.every((one) => asymmetricAlgorithms.includes(one)),
  expected: "a list of asymmetric signature algorithms, such as ES256",
};

const replayStoreCheck: OptionCheck = {
  accepts: (value) => typeof Object(value).add === "function" || storeCheck.accepts(value),
  expected: "a store with the method add, or with get, set and delete, such as a Keyv",
};

type Defaulted = "algorithms" | "maxAge" | "clockTolerance" | "storeTimeout" | "storeFailure" | "maxSize";

const dpopOptions = (): OptionTable<DpopOptions, Defaulted> => ({
  baseUrl: required(textOrTexts),
  algorithms: { ...algorithmsCheck, fallback: ["ES256", "PS256", "EdDSA", "Ed25519"] },
  maxAge: withDefault(seconds, 60),
  clockTolerance: withDefault(tolerance, 5),
  nonce: optional(anything),
  // Not optional: undefined would leave each instance on its own.
  store: replayStoreCheck,
  storeTimeout: withDefault(milliseconds, 250),
  storeFailure: withDefault(word("refuse", "local"), "refuse"),
  maxSize: withDefault(count, 500_000),
});

/** @throws TypeError naming the malformed option. */
export function readDpopOptions(options: DpopOptions): Read<DpopOptions, Defaulted> {
  const own = readOptions("dpop", options, dpopOptions, "dpop.");
  if (own.store === undefined && Object.hasOwn(options, "storeFailure")) {
    throw new TypeError("dpop.storeFailure: has no effect without a store");
  }
  return own;
}

const nonceOptions = (): OptionTable<DpopNonceOptions, "lifetime"> => ({
  secret: required(textOrTexts),
  lifetime: withDefault(seconds, 300),
});

/** @throws TypeError naming the malformed option. */
export function readNonceOptions(options: DpopNonceOptions): {
  readonly secrets: readonly string[];
  readonly lifetime: number;
} {
  const { secret, lifetime } = readOptions("dpop.nonce", options, nonceOptions, "dpop.nonce.");
  const secrets = [secret].flat() as string[];
  const short = secrets.find(({ length }) => length < 32);
  if (short !== undefined) {
    throw new TypeError(`dpop.nonce.secret: expected at least 32 characters, got ${short.length}`);
  }
  return { secrets, lifetime };
}
