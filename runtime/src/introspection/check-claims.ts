import { InvalidCredentialError, type InvalidCredentialReason } from "../errors/invalid-credential-error.js";
import { wallTime } from "../platform/clock.js";
import { maxExpiration } from "../schemes/max-expiration.js";

/** The members of a response (RFC 7662 section 2.2). All are untrusted data. */
export type TokenClaims = Readonly<Record<string, unknown>>;

/** The requirements on an active token. */
export interface TokenRequirements {
  readonly issuer: string | undefined;
  readonly audiences: readonly string[] | undefined;
  /** In seconds. */
  readonly clockTolerance: number;
  readonly allowMissingTokenType: boolean;
  /** Accepted values of `token_type`, in lower case. */
  readonly tokenTypes: readonly string[];
}

/**
 * Checks the members of the response for an active token, and returns its expiry: undefined without `exp`.
 *
 * @throws InvalidCredentialError with the reason.
 */
export function checkClaims(claims: TokenClaims, requirements: TokenRequirements): Date | undefined {
  const { issuer, audiences, clockTolerance, allowMissingTokenType, tokenTypes } = requirements;
  const member = (name: string): unknown => (Object.hasOwn(claims, name) ? claims[name] : undefined);
  checkTypes(member);
  if (issuer !== undefined && member("iss") !== issuer) refuse("another iss, or none", "issuer");
  const aud = member("aud");
  if (audiences !== undefined && ![aud].flat().some((one) => audiences.includes(one as string))) {
    refuse("for another audience, or for none", "audience");
  }
  checkKind(member, allowMissingTokenType, tokenTypes);
  const now = wallTime() / 1_000;
  const [exp, nbf] = [member("exp"), member("nbf")] as (number | undefined)[];
  if (nbf !== undefined && now < nbf - clockTolerance) {
    throw new InvalidCredentialError("nbf is in the future", { reason: "not-active" });
  }
  if (exp === undefined) return undefined;
  if (exp > maxExpiration) refuse("exp is beyond the year 9999", "claim");
  if (now >= exp + clockTolerance) refuse("exp is in the past", "expired");
  return new Date((exp + clockTolerance) * 1_000);
}

/** A member of the wrong type is never taken for an absent one. */
function checkTypes(member: (name: string) => unknown): void {
  for (const name of ["exp", "nbf", "iat"]) {
    const time = member(name);
    if (time !== undefined && !Number.isFinite(time)) refuse(`${name} is not a number`, "claim");
  }
  for (const name of ["iss", "client_id", "token_type", "token_use"]) {
    const text = member(name);
    if (text !== undefined && (typeof text !== "string" || text === "")) refuse(`${name} is not a text`, "claim");
  }
  const aud = member("aud");
  if (aud !== undefined && ![aud].flat().every((one) => typeof one === "string")) {
    refuse("aud is neither a text nor a list of texts", "claim");
  }
}

/** An endpoint knows refresh tokens and others, too. Only access tokens open a method. */
function checkKind(member: (name: string) => unknown, allowMissing: boolean, tokenTypes: readonly string[]): void {
  const type = member("token_type") as string | undefined;
  const use = member("token_use") as string | undefined;
  if (type === undefined && !allowMissing) refuse("no token_type; see allowMissingTokenType", "claim");
  const kind = type?.toLowerCase() ?? "bearer";
  if (!tokenTypes.includes(kind)) {
    refuse(`token_type is none of ${tokenTypes.join(", ")}`, kind === "dpop" ? "bound" : "claim");
  }
  if (kind === "dpop" && member("cnf") === undefined) refuse("token_type is DPoP, but it has no cnf", "bound");
  // Several issuers say so, though no RFC does.
  if (use !== undefined && use !== "access_token" && use !== "access") refuse("token_use is not access_token", "claim");
}

function refuse(message: string, reason: InvalidCredentialReason): never {
  throw new InvalidCredentialError(message, { reason, final: true });
}
