import { InvalidCredentialError } from "../errors/invalid-credential-error.js";
import { type AuthContext, type AuthContextInit, createAuthContext } from "./auth-context.js";

/** Headers that carry a verified identity between services begin with this. */
const identityHeaderPrefix = "x-auth-";

/** Header of each field of an identity. */
export const identityHeaders = {
  subject: "x-auth-subject",
  name: "x-auth-name",
  type: "x-auth-type",
  roles: "x-auth-roles",
  scopes: "x-auth-scopes",
  claims: "x-auth-claims",
  expiresAt: "x-auth-expires-at",
} as const;

/** Longest value of one header, in characters, which are bytes on the wire. */
const maxLength = 8 * 1024;

/**
 * Writes an identity into headers, and removes every other `x-auth-*` header:
 *
 * - `x-auth-subject`, `x-auth-name`, `x-auth-type`: text, percent-encoded in UTF-8 (RFC 3986 section 2.1) but for
 *   visible ASCII other than `%` and `,`
 * - `x-auth-roles`, `x-auth-scopes`: JSON lists; `x-auth-claims`: a JSON object; all escaped to ASCII, and left out where empty
 * - `x-auth-expires-at`: ISO 8601
 *
 * @param claims - names of the claims to write. By default, all.
 * @throws RangeError naming a field that is longer than 8 KiB, and its size; the headers are then as before.
 */
export function setAuthHeaders(headers: Headers, context: AuthContext, claims?: readonly string[]): void {
  const fields = encodeAuthHeaders(context, claims);
  stripIdentityHeaders(headers);
  for (const [name, value] of fields) headers.set(name, value);
}

/** Removes every header that a handler could take for a verified identity: what a client sent is no proof. */
export function stripIdentityHeaders(header: Headers): void {
  // Names are collected first: deleting while iterating skips names.
  let found: string[] | undefined;
  for (const name of header.keys()) {
    if (!name.startsWith(identityHeaderPrefix)) continue;
    found ??= [];
    found.push(name);
  }
  if (found !== undefined) for (const name of found) header.delete(name);
}

/** The headers that {@link setAuthHeaders} writes. */
export function encodeAuthHeaders(
  context: AuthContext,
  claims?: readonly string[],
): readonly (readonly [name: string, value: string])[] {
  const { subject, name, type, roles, scopes, expiresAt } = context;
  const sent = claims === undefined ? context.claims : pick(context.claims, claims);
  const values: Record<keyof typeof identityHeaders, string | undefined> = {
    subject: encodeText(subject),
    name: name === undefined ? undefined : encodeText(name),
    type: encodeText(type),
    roles: roles.length === 0 ? undefined : encodeJson(roles),
    scopes: scopes.length === 0 ? undefined : encodeJson(scopes),
    claims: Object.keys(sent).length === 0 ? undefined : encodeJson(sent),
    expiresAt: expiresAt?.toISOString(),
  };
  const fields: [string, string][] = [];
  for (const [field, header] of Object.entries(identityHeaders)) {
    const value = values[field as keyof typeof identityHeaders];
    if (value === undefined) continue;
    if (value.length > maxLength) {
      throw new RangeError(`${field}: ${value.length} bytes as ${header}, at most ${maxLength} can be sent`);
    }
    fields.push([header, value]);
  }
  return fields;
}

/**
 * Reads what {@link setAuthHeaders} wrote: its exact inverse. Undefined where there is no `x-auth-subject`.
 *
 * Whoever sent the headers is believed: ask only where it is known that no client can set them.
 *
 * @throws InvalidCredentialError for a value that `setAuthHeaders` cannot have written, or that was sent twice.
 */
export function parseAuthHeaders(headers: Headers): AuthContext | undefined {
  const init = decodeAuthHeaders(headers);
  if (init === undefined) return undefined;
  try {
    return createAuthContext(init, "gateway");
  } catch (cause) {
    throw new InvalidCredentialError("x-auth-*: not an identity", { reason: "malformed", cause });
  }
}

/** The unchecked content of the headers. */
export function decodeAuthHeaders(headers: Headers): AuthContextInit | undefined {
  const read = <T>(field: keyof typeof identityHeaders, decode: (value: string) => T): T | undefined => {
    const value = headers.get(identityHeaders[field]);
    if (value === null) return undefined;
    try {
      if (value.length <= maxLength) return decode(value);
    } catch {}
    throw new InvalidCredentialError(`${identityHeaders[field]}: malformed`, { reason: "malformed" });
  };
  const subject = read("subject", decodeText);
  if (subject === undefined) return undefined;
  return {
    subject,
    name: read("name", decodeText),
    type: read("type", decodeText),
    roles: read("roles", decodeJson<string[]>),
    scopes: read("scopes", decodeJson<string[]>),
    claims: read("claims", decodeJson<Record<string, unknown>>),
    expiresAt: read("expiresAt", decodeDate),
  };
}

/** Everything but visible ASCII; `,` too, since it joins values that were sent twice. */
const unsafe = /[^\x21-\x24\x26-\x2b\x2d-\x7e]+/gu;

function encodeText(text: string): string {
  return text.replace(unsafe, encodeURIComponent);
}

function decodeText(value: string): string {
  const text = decodeURIComponent(value);
  // One spelling for one text: anything else was not written by us.
  if (encodeText(text) !== value) throw new InvalidCredentialError("not canonical", { reason: "malformed" });
  return text;
}

function encodeJson(value: unknown): string {
  return JSON.stringify(value).replace(
    /[\x7f-\uffff]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

function decodeJson<T extends object>(value: string): T {
  const decoded: unknown = JSON.parse(value);
  // An absent field has no header: null and "" would pass for one.
  if (typeof decoded !== "object" || decoded === null)
    throw new InvalidCredentialError("not a list or an object", { reason: "malformed" });
  return decoded as T;
}

function decodeDate(value: string): Date {
  const date = new Date(value);
  if (date.toISOString() !== value) throw new InvalidCredentialError("not canonical", { reason: "malformed" });
  return date;
}

/** Own members only; a claim called `__proto__` stays a claim. */
function pick(claims: AuthContext["claims"], names: readonly string[]): AuthContext["claims"] {
  return Object.fromEntries(Object.entries(claims).filter(([name]) => names.includes(name)));
}
