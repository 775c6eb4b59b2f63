import { InvalidCredentialError } from "../errors/invalid-credential-error.js";
import { actorOfClaim, claimOfActor } from "./actor.js";
import { type AuthContext, type AuthContextInit, createAuthContext } from "./auth-context.js";

/** Prefix of the headers that carry a verified identity between services. */
const identityHeaderPrefix = "x-auth-";

/** The header of each field of an identity. */
export const identityHeaders = {
  subject: "x-auth-subject",
  name: "x-auth-name",
  type: "x-auth-type",
  roles: "x-auth-roles",
  scopes: "x-auth-scopes",
  permissions: "x-auth-permissions",
  claims: "x-auth-claims",
  actor: "x-auth-actor",
  expiresAt: "x-auth-expires-at",
  acr: "x-auth-acr",
  authTime: "x-auth-authenticated-at",
} as const;

/** Longest value of a header, in characters. */
const maxLength = 8 * 1024;

/**
 * Writes an identity into headers, and removes every other `x-auth-*` header:
 *
 * - `x-auth-subject`, `x-auth-name`, `x-auth-type`, `x-auth-acr`: text. Visible ASCII except `%` and `,` is literal; the rest is
 *   percent-encoded UTF-8 (RFC 3986 section 2.1)
 * - `x-auth-roles`, `x-auth-scopes`, `x-auth-permissions`: JSON lists; `x-auth-claims`: a JSON object. Escaped to ASCII, and
 *   absent if empty
 * - `x-auth-actor`: the actor as a claim `act` (RFC 8693 section 4.1), in JSON
 * - `x-auth-expires-at`, `x-auth-authenticated-at`: ISO 8601
 *
 * @param claims - names of the claims to write. By default, all.
 * @throws RangeError naming a field above 8 KiB and its size. The headers are unchanged then.
 *
 * @example
 * setAuthHeaders(headers, requireAuthContext(context), ["tenant"]);
 */
export function setAuthHeaders(headers: Headers, context: AuthContext, claims?: readonly string[]): void {
  const fields = encodeAuthHeaders(context, claims);
  stripIdentityHeaders(headers);
  for (const [name, value] of fields) headers.set(name, value);
}

/** Removes all identity headers. A client can send them too. */
export function stripIdentityHeaders(header: Headers): void {
  // Collects names first: deleting during iteration skips names.
  let found: string[] | undefined;
  for (const name of header.keys()) {
    if (!name.startsWith(identityHeaderPrefix)) continue;
    found ??= [];
    found.push(name);
  }
  if (found !== undefined) for (const name of found) header.delete(name);
}

/** Returns the headers of {@link setAuthHeaders}. */
export function encodeAuthHeaders(
  context: AuthContext,
  claims?: readonly string[],
): readonly (readonly [name: string, value: string])[] {
  const { subject, name, type, roles, scopes, permissions, actor, expiresAt, acr, authTime } = context;
  const sent = claims === undefined ? context.claims : pick(context.claims, claims);
  const values: Record<keyof typeof identityHeaders, string | undefined> = {
    subject: encodeText(subject),
    name: name === undefined ? undefined : encodeText(name),
    type: encodeText(type),
    roles: roles.length === 0 ? undefined : encodeJson(roles),
    scopes: scopes.length === 0 ? undefined : encodeJson(scopes),
    permissions: permissions.length === 0 ? undefined : encodeJson(permissions),
    claims: Object.keys(sent).length === 0 ? undefined : encodeJson(sent),
    actor: actor === undefined ? undefined : encodeJson(claimOfActor(actor)),
    expiresAt: expiresAt?.toISOString(),
    acr: acr === undefined ? undefined : encodeText(acr),
    authTime: authTime?.toISOString(),
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
 * Reads the headers of {@link setAuthHeaders}: its exact inverse. Returns undefined without `x-auth-subject`.
 *
 * It trusts the headers. Call it only if no client can set them.
 *
 * @throws InvalidCredentialError for a repeated header, and for a value that `setAuthHeaders` does not write.
 *
 * @example
 * const caller = parseAuthHeaders(request.headers);
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

/** Reads the headers without checking the identity. */
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
    permissions: read("permissions", decodeJson<string[]>),
    claims: read("claims", decodeJson<Record<string, unknown>>),
    actor: read("actor", (value) => actorOfClaim(JSON.parse(value))),
    expiresAt: read("expiresAt", decodeDate),
    acr: read("acr", decodeText),
    authTime: read("authTime", decodeDate),
  };
}

/** All but visible ASCII, and `,`: transports join repeated headers by it. */
const unsafe = /[^\x21-\x24\x26-\x2b\x2d-\x7e]+/gu;

function encodeText(text: string): string {
  return text.replace(unsafe, encodeURIComponent);
}

function decodeText(value: string): string {
  const text = decodeURIComponent(value);
  // A text has one spelling. Another was not written by us.
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
  // An absent field has no header: refuse null and "".
  if (typeof decoded !== "object" || decoded === null)
    throw new InvalidCredentialError("not a list or an object", { reason: "malformed" });
  return decoded as T;
}

function decodeDate(value: string): Date {
  const date = new Date(value);
  if (date.toISOString() !== value) throw new InvalidCredentialError("not canonical", { reason: "malformed" });
  return date;
}

/** Picks own members. A claim may be called `__proto__`. */
function pick(claims: AuthContext["claims"], names: readonly string[]): AuthContext["claims"] {
  return Object.fromEntries(Object.entries(claims).filter(([name]) => names.includes(name)));
}
