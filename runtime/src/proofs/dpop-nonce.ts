import { builtIn } from "../platform/built-in.js";
import { wallTime } from "../platform/clock.js";
import { type DpopNonceOptions, readNonceOptions } from "./dpop-options.js";

/**
 * The nonces of a server (RFC 9449 sections 8 and 9). Each belongs to a period of time, and is a digest of it under a secret: instances
 * with the same secret and the right time accept the nonces of each other, and share nothing else.
 */
export interface DpopNonces {
  /** Returns the nonce of this period. */
  current(): string;
  /** Returns true for a nonce of this period and of the one before. */
  isValid(nonce: unknown): boolean;
}

/** @throws TypeError for a malformed option. */
export function createNonces(options: DpopNonceOptions): DpopNonces {
  const { secrets, lifetime } = readNonceOptions(options);
  let kept = { period: Number.NaN, nonces: [] as readonly string[] };

  const sign = (secret: string, period: number): string => {
    const digest = builtIn("node:crypto").createHmac("sha256", secret).update(`dpop-nonce\n${lifetime}\n${period}`);
    return digest.digest("base64url");
  };

  /** The nonces that count now, newest first. */
  function nonces(): readonly string[] {
    const period = Math.floor(wallTime() / (lifetime * 1_000));
    if (kept.period !== period) {
      const periods = [period, period - 1];
      kept = { period, nonces: periods.flatMap((one) => secrets.map((secret) => sign(secret, one))) };
    }
    return kept.nonces;
  }

  return {
    current: () => nonces()[0] as string,
    // A client that has seen a nonce may tell it to anybody: no comparison in constant time.
    isValid: (nonce) => typeof nonce === "string" && nonces().includes(nonce),
  };
}
