import { errors } from "jose";
import { InvalidCredentialError, type InvalidCredentialReason } from "../errors/invalid-credential-error.js";
import { withoutStackTrace } from "../platform/without-stack-trace.js";

/** Error codes of jose that are temporary: keys rotate. */
const passing: ReadonlySet<string> = /* @__PURE__ */ new Set([
  "ERR_JWKS_NO_MATCHING_KEY",
  "ERR_JWKS_MULTIPLE_MATCHING_KEYS",
  "ERR_JWKS_INVALID",
  "ERR_JWKS_TIMEOUT",
  "ERR_JOSE_GENERIC",
]);

/** Our reason for each error code of jose. */
const reasons: ReadonlyMap<string, InvalidCredentialReason> = /* @__PURE__ */ new Map([
  ["ERR_JWT_EXPIRED", "expired"],
  ["ERR_JWT_INVALID", "malformed"],
  ["ERR_JWS_INVALID", "malformed"],
  ["ERR_JWS_SIGNATURE_VERIFICATION_FAILED", "signature"],
  ["ERR_JOSE_ALG_NOT_ALLOWED", "algorithm"],
  ["ERR_JOSE_NOT_SUPPORTED", "algorithm"],
  ["ERR_JWKS_NO_MATCHING_KEY", "key"],
  ["ERR_JWKS_MULTIPLE_MATCHING_KEYS", "key"],
]);

/**
 * Turns an error of jose into an {@link InvalidCredentialError}. Returns any other error unchanged.
 *
 * @param holds - returns whether a final rejection still holds. Default: it always holds.
 */
export function refusalOf(error: unknown, holds?: () => boolean): unknown {
  if (!(error instanceof errors.JOSEError)) return error;
  const failed = error instanceof errors.JWTClaimValidationFailed ? error : undefined;
  const isTime = failed?.claim === "nbf" || failed?.claim === "iat";
  const final = !isTime && !passing.has(error.code) && (holds ?? true);
  const reason = failed === undefined ? (reasons.get(error.code) ?? "rejected") : reasonOf(failed);
  return withoutStackTrace(() => new InvalidCredentialError(error.code, { reason, cause: error, final }));
}

function reasonOf({ claim, reason }: errors.JWTClaimValidationFailed): InvalidCredentialReason {
  if (claim === "iss") return "issuer";
  if (claim === "aud") return "audience";
  return (claim === "nbf" || claim === "iat") && reason === "check_failed" ? "not-active" : "claim";
}
