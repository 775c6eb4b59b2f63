import { InvalidCredentialError } from "../errors/invalid-credential-error.js";
import { hasDuplicateMembers } from "../platform/json-members.js";

/** Longest value, in characters. */
const maxLength = 16 * 1024;

/** Base64 or base64url, with or without padding (RFC 4648 sections 4 and 5). */
const base64 = /^(?:[\w-]+|[A-Za-z0-9+/]+)={0,2}$/;

/**
 * Reads the claims in a header with JSON in base64 or base64url, as gateways write them. A repeated header is malformed.
 *
 * @throws InvalidCredentialError with reason `malformed`.
 */
export function readPayload(value: string, name: string): Readonly<Record<string, unknown>> {
  const fail = (problem: string, cause?: unknown): never => {
    throw new InvalidCredentialError(`${name}: ${problem}`, { reason: "malformed", cause });
  };
  if (value.length > maxLength) return fail(`more than ${maxLength} characters`);
  if (!base64.test(value)) return fail("not base64 or base64url, or sent twice");
  let json: Uint8Array;
  let claims: unknown;
  try {
    const standard = value.replace(/-/g, "+").replace(/_/g, "/");
    const binary = atob(standard);
    // `atob` ignores unused bits (RFC 4648 section 3.5).
    if (withoutPadding(btoa(binary)) !== withoutPadding(standard)) return fail("not canonical base64");
    json = Uint8Array.from(binary, (char) => char.charCodeAt(0));
    claims = JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(json));
  } catch (cause) {
    return fail("not JSON in UTF-8", cause);
  }
  if (typeof claims !== "object" || claims === null || Array.isArray(claims)) return fail("not a JSON object");
  if (hasDuplicateMembers(json, claims)) return fail("a member twice");
  return claims as Readonly<Record<string, unknown>>;
}

function withoutPadding(text: string): string {
  return text.replace(/={1,2}$/, "");
}
