import { errors } from "jose";
import { InvalidCredentialError } from "../errors/authentication-error.js";
import { withoutStackTrace } from "../platform/without-stack-trace.js";

/** Codes of jose that may not hold for the same token later: keys rotate, and `nbf` and `iat` come to pass. */
const passing: ReadonlySet<string> = /* @__PURE__ */ new Set([
  "ERR_JWKS_NO_MATCHING_KEY",
  "ERR_JWKS_MULTIPLE_MATCHING_KEYS",
  "ERR_JWKS_INVALID",
  "ERR_JWKS_TIMEOUT",
  "ERR_JOSE_GENERIC",
]);

/**
 * A refusal of jose in our words, with whether it is final; any other error as it is.
 *
 * @param holds - whether a refusal that would be final still holds. By default, it does.
 */
export function refusalOf(error: unknown, holds?: () => boolean): unknown {
  if (!(error instanceof errors.JOSEError)) return error;
  const waits = error instanceof errors.JWTClaimValidationFailed && (error.claim === "nbf" || error.claim === "iat");
  const final = !waits && !passing.has(error.code) && (holds ?? true);
  return withoutStackTrace(() => new InvalidCredentialError(error.code, { cause: error, final }));
}
