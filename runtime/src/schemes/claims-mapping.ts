import type { JWTPayload } from "jose";
import { type Actor, actorOfClaim } from "../context/actor.js";
import { type AuthContextInit, absentAsUndefined } from "../context/auth-context.js";
import { InvalidCredentialError } from "../errors/invalid-credential-error.js";
import { anything } from "../options/check.js";
import { type OptionTable, ownMembers, readOptions } from "../options/read-options.js";

/** Names from the outermost inwards, joined by dots or as a list. */
export type ClaimPath = string | readonly string[];

/**
 * Where a list of names is: a path; the members of an object, whose keys are the names; or several of these, for all their names
 * together.
 *
 * @example
 * "realm_access.roles"
 * @example
 * { keysOf: "urn:zitadel:iam:org:project:roles" }
 * @example
 * { union: ["realm_access.roles", "resource_access.shop.roles"] }
 */
export type ClaimList = ClaimPath | ClaimKeys | { readonly union: readonly (ClaimPath | ClaimKeys)[] };

/** The keys of an object. Each value is an object or `true`, else the token is rejected: `{ "admin": false }` grants nothing. */
export interface ClaimKeys {
  readonly keysOf: ClaimPath;
}

/** Paths of claims: `"realm_access.roles"`, or a list if a name has dots: `["https://example.com/roles"]`. */
export interface ClaimsMapping {
  /** Default: `sub`. */
  readonly subject?: ClaimPath;
  /** Default: `name`. */
  readonly name?: ClaimPath;
  /** A list of strings, or one string. Default: `roles`. */
  readonly roles?: ClaimList;
  /** A list of strings, or one string of names separated by spaces. Default: `scope`, else `scp`. */
  readonly scopes?: ClaimList;
  /**
   * A list of strings, or one string of names separated by spaces. By default, none: a claim grants permissions only if it is
   * named here. Auth0's is `permissions`.
   */
  readonly permissions?: ClaimList;
  /** How the caller authenticated: a string. Default: `acr`. */
  readonly acr?: ClaimPath;
  /** When the caller authenticated: seconds since the epoch. Default: `auth_time`. */
  readonly authTime?: ClaimPath;
  /** The party that acts for the subject: an object with `sub`, else the token is rejected. Default: `act` (RFC 8693). */
  readonly actor?: ClaimPath;
}

type Defaulted = "subject" | "name" | "roles" | "acr" | "authTime" | "actor";

// An undefined field is an error: the default would hide a missing environment variable.
const mappingOptions = (): OptionTable<ClaimsMapping, Defaulted> => ({
  subject: { ...anything, fallback: "sub" },
  name: { ...anything, fallback: "name" },
  roles: { ...anything, fallback: "roles" },
  scopes: anything,
  permissions: anything,
  acr: { ...anything, fallback: "acr" },
  authTime: { ...anything, fallback: "auth_time" },
  actor: { ...anything, fallback: "act" },
});

/**
 * Compiles a mapping from the claims of a token to an identity. A missing, null or `""` claim is absent, but the subject is
 * required. A claim of the wrong type rejects the token.
 *
 * @param otherSubject - the subject of a token without one. By default, such a token is rejected.
 * @throws TypeError for a malformed path.
 */
export function compileClaimsMapping(
  mapping: ClaimsMapping = {},
  otherSubject: (claims: JWTPayload) => string | undefined = () => undefined,
): (claims: JWTPayload) => AuthContextInit {
  const paths = readOptions("claimsMapping", mapping, mappingOptions, "claimsMapping.");
  const subject = compilePath(paths.subject, "subject");
  const name = compilePath(paths.name, "name");
  const roles = compileList(paths.roles, "roles", (value) => [value]);
  const scopes = "scopes" in paths ? compileList(paths.scopes, "scopes", words) : scopeOrScp;
  const permissions = "permissions" in paths ? compileList(paths.permissions, "permissions", words) : () => undefined;
  const acr = compilePath(paths.acr, "acr");
  const authTime = compilePath(paths.authTime, "authTime");
  const actor = compilePath(paths.actor, "actor");
  return (claims) => ({
    subject: text(subject(claims), "subject") ?? otherSubject(claims) ?? reject("subject", "is missing"),
    name: text(absentAsUndefined(name(claims)), "name"),
    roles: roles(claims),
    scopes: scopes(claims),
    permissions: permissions(claims),
    acr: text(absentAsUndefined(acr(claims)), "acr"),
    authTime: time(authTime(claims), "authTime"),
    actor: actorOf(absentAsUndefined(actor(claims))),
    claims,
  });
}

function words(text: string): string[] {
  return text.split(" ").filter((word) => word !== "");
}

function scopeOrScp(claims: object): readonly string[] | undefined {
  const scope = member(claims, "scope");
  return list(scope ?? member(claims, "scp"), "scopes", words);
}

type NamesOf = (claims: object) => readonly string[] | undefined;

/** @param split - divides a string into names. */
function compileList(given: unknown, field: string, split: (text: string) => string[]): NamesOf {
  const [kind, ...others] = Object.keys(Object(given));
  if (typeof given !== "object" || given === null || Array.isArray(given)) {
    const find = compilePath(given, field);
    return (claims) => list(find(claims), field, split);
  }
  const own = ownMembers(given as { readonly keysOf?: unknown; readonly union?: unknown });
  if (others.length === 0 && kind === "keysOf") {
    const find = compilePath(own.keysOf, `${field}.keysOf`);
    return (claims) => keysOf(find(claims), field);
  }
  const isUnion = others.length === 0 && kind === "union" && Array.isArray(own.union) && own.union.length > 0;
  const parts: readonly unknown[] = isUnion ? (own.union as unknown[]) : [];
  if (!isUnion || parts.some((part) => Object.hasOwn(Object(part), "union"))) {
    throw new TypeError(`claimsMapping.${field}: expected a path, { keysOf: path } or { union: [path, ...] }`);
  }
  const all = parts.map((part, i) => compileList(part, `${field}.union[${i}]`, split));
  return (claims) => {
    const found = all.map((namesOf) => namesOf(claims)).filter((names) => names !== undefined);
    return found.length === 0 ? undefined : [...new Set(found.flat())];
  };
}

function compilePath(path: unknown, field: string): (claims: object) => unknown {
  if (typeof path === "string" && path.includes("://")) {
    throw new TypeError(`claimsMapping.${field}: write a name with dots as a list: [${JSON.stringify(path)}]`);
  }
  const names = [typeof path === "string" ? path.split(".") : path].flat() as string[];
  if (names.length === 0 || !names.every((name) => typeof name === "string" && name !== "")) {
    throw new TypeError(`claimsMapping.${field}: expected "a.b" or ["a", "b"], got ${JSON.stringify(path)}`);
  }
  return (claims) => names.reduce<unknown>(member, claims);
}

/** Returns an own member of a JSON object, never one of its prototype, of a list or of a string. */
function member(value: unknown, name: string): unknown {
  return isObject(value) && Object.hasOwn(value, name) ? (value as Record<string, unknown>)[name] : undefined;
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function text(value: unknown, field: string): string | undefined {
  if (value === undefined || (typeof value === "string" && value !== "")) return value;
  return reject(field, "is not a non-empty string");
}

function list(value: unknown, field: string, split: (text: string) => string[]): readonly string[] | undefined {
  if (value === undefined || value === null || value === "") return undefined;
  const names: unknown = typeof value === "string" ? split(value) : value;
  if (Array.isArray(names) && names.every((name) => typeof name === "string" && name !== "")) return names;
  return reject(field, "is neither a string nor a list of non-empty strings");
}

function keysOf(value: unknown, field: string): readonly string[] | undefined {
  if (value === undefined || value === null) return undefined;
  if (!isObject(value) || !Object.values(value).every((one) => one === true || isObject(one)))
    return reject(field, "is not an object whose values are objects or true");
  return list(Object.keys(value), field, words);
}

/** A NumericDate of RFC 7519 section 2. */
function time(value: unknown, field: string): Date | undefined {
  if (value === undefined || value === null) return undefined;
  const date = new Date(typeof value === "number" ? value * 1_000 : Number.NaN);
  return Number.isNaN(date.getTime()) ? reject(field, "is not a number of seconds") : date;
}

function actorOf(act: unknown): Actor | undefined {
  if (act === undefined) return undefined;
  try {
    return actorOfClaim(act);
  } catch {
    return reject("actor", "is not a chain of at most ten objects with sub (RFC 8693 section 4.1)");
  }
}

function reject(field: string, problem: string): never {
  throw new InvalidCredentialError(`the claim mapped to ${field} ${problem}`, { reason: "claim" });
}
