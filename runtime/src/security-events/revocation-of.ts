import type { Revocation } from "../store/revocation-names.js";
import type { SecurityEvent } from "./security-event-options.js";

const caep = "https://schemas.openid.net/secevent/caep/event-type/";
const risc = "https://schemas.openid.net/secevent/risc/event-type/";

/** Events after which no credential of the subject counts: CAEP 1.0 section 3, RISC 1.0 section 2. */
const ending: ReadonlySet<string> = new Set([
  `${caep}session-revoked`,
  `${caep}credential-change`,
  `${risc}account-credential-change-required`,
  `${risc}account-disabled`,
  `${risc}account-purged`,
  `${risc}credential-compromise`,
  `${risc}sessions-revoked`,
]);

/** An event whose subject names no credentials here. */
export class UnknownSubjectError extends Error {}

/**
 * Returns the credentials that an event revokes. Undefined for an event that ends nothing.
 *
 * @param subjectIssuer - the issuer of the callers' tokens.
 * @throws UnknownSubjectError for a subject that cannot be mapped: an event that does nothing in silence would be worse.
 */
export function revocationOf({ type, subject }: SecurityEvent, subjectIssuer: string): Revocation | undefined {
  return ending.has(type) ? revocationOfSubject(subject, subjectIssuer) : undefined;
}

/** Maps a subject identifier (RFC 9493 section 3.2). Of a complex subject, the narrowest part counts: its session. */
function revocationOfSubject(subject: SecurityEvent["subject"], subjectIssuer: string): Revocation {
  // Older events say `subject_type` instead of `format`.
  const { format = subject?.["subject_type"], iss, sub, id, jti, session, user } = subject ?? {};
  const isOurs = iss === subjectIssuer;
  if (format === "iss_sub" && isOurs && isName(sub)) return { subject: sub };
  if (format === "opaque" && isName(id)) return { subject: id };
  if (format === "jwt_id" && isOurs && isName(jti)) return { tokenId: jti };
  const part = format === "complex" || format === undefined ? (session ?? user) : undefined;
  if (isObject(part)) return revocationOfSubject(part, subjectIssuer);
  throw new UnknownSubjectError("the subject has an unknown format or issuer");
}

function isName(value: unknown): value is string {
  return typeof value === "string" && value !== "";
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
