import type { MethodPolicy } from "./service-policy.js";

/** Tolerated difference of clocks for a time of authentication in the future, in milliseconds. */
const clockSkew = 60_000;

/** The credential and the authentication of a caller. */
export interface AuthenticatedCaller {
  /** The kind of credential. */
  readonly type?: string;
  /** The name of the scheme that authenticated the caller, for rows with `credentials`. By default, `type`. */
  readonly scheme?: string | undefined;
  /** How the caller authenticated, for rows with `acr`. */
  readonly acr?: string | undefined;
  /** When the caller authenticated, for rows with `maxAgeSeconds`. */
  readonly authTime?: Date | undefined;
}

/** The reason to refuse a caller for its credential or its authentication. */
export type IdentityDenialReason = "wrong-credential" | "insufficient-authentication";

/**
 * Returns the reason to refuse a caller for its credential or its authentication: another kind of credential, another `acr`, or
 * too long ago. Undefined if there is none. An absent fact refuses.
 *
 * @param now - milliseconds since the epoch. Without it, no authentication is recent enough.
 */
export function refusalOfIdentity(
  policy: MethodPolicy,
  caller: AuthenticatedCaller,
  now: number | undefined,
): IdentityDenialReason | undefined {
  const { credentials } = policy as { readonly credentials?: readonly string[] };
  if (credentials !== undefined && !credentials.includes(caller.scheme ?? caller.type ?? "")) return "wrong-credential";
  const { acr, maxAgeSeconds } = policy as { readonly acr?: readonly string[]; readonly maxAgeSeconds?: number };
  if (acr !== undefined && !acr.includes(caller.acr ?? "")) return "insufficient-authentication";
  if (maxAgeSeconds === undefined) return undefined;
  const age = (now ?? Number.NaN) - (caller.authTime?.getTime() ?? Number.NaN);
  // Not a number is neither.
  return age >= -clockSkew && age <= maxAgeSeconds * 1_000 ? undefined : "insufficient-authentication";
}

/** Returns true for a row that reads the kind of credential, or the authentication. */
export function readsIdentity(policy: MethodPolicy): boolean {
  return "credentials" in policy || "acr" in policy || "maxAgeSeconds" in policy;
}
