import { type ContextKey, createContextKey } from "@connectrpc/connect";
import { type FrozenJson, freezeJson } from "./freeze-json.js";

/** Who is calling. Frozen all the way down, since a cached context serves many calls. */
export interface AuthContext {
  /** Identifies the principal; never empty. The `sub` claim of a token (RFC 7519 section 4.1.2). */
  readonly subject: string;
  /** A name to show. */
  readonly name?: string;
  readonly roles: readonly string[];
  readonly scopes: readonly string[];
  /** What else the credential says. JSON values only. */
  readonly claims: Readonly<Record<string, FrozenJson>>;
  /** The kind of credential: `jwt`, `gateway`, `session`, or a scheme's own word. */
  readonly type: string;
  /** When the credential expires. A fresh `Date` each time it is read. */
  readonly expiresAt?: Date;
}

/** What a verification yields. Absent lists are empty; a malformed value rejects the credential. */
export interface AuthContextInit {
  readonly subject: string;
  readonly name?: string | undefined;
  readonly roles?: readonly string[] | undefined;
  readonly scopes?: readonly string[] | undefined;
  /** JSON values; a `Date` becomes its ISO 8601 string. */
  readonly claims?: Readonly<Record<string, unknown>> | undefined;
  /** By default, the scheme's name. */
  readonly type?: string | undefined;
  readonly expiresAt?: Date | undefined;
}

/** The authenticated caller of a call, undefined where there is none: `context.values.get(authContextKey)`. */
export const authContextKey: ContextKey<AuthContext | undefined> = /* @__PURE__ */ createContextKey<
  AuthContext | undefined
>(undefined, { description: "@connectum/auth caller" });

/**
 * Checks and freezes an identity.
 *
 * @throws TypeError naming the malformed field, never its value.
 */
export function createAuthContext(init: AuthContextInit, defaultType: string): AuthContext {
  const { subject, name, roles = [], scopes = [], claims = {}, type = defaultType, expiresAt } = Object(init);
  if (!isText(subject)) throw new TypeError("subject: expected a non-empty string");
  if (name !== undefined && name !== "" && !isText(name)) throw new TypeError("name: expected a string");
  if (!isText(type)) throw new TypeError("type: expected a non-empty string");
  if (typeof claims !== "object" || claims === null || Array.isArray(claims)) {
    throw new TypeError("claims: expected an object");
  }
  const time = expiresAt instanceof Date ? expiresAt.getTime() : Number.NaN;
  if (expiresAt !== undefined && Number.isNaN(time)) throw new TypeError("expiresAt: expected a valid Date");
  const context: { -readonly [Field in keyof AuthContext]: AuthContext[Field] } = {
    subject,
    roles: names(roles, "roles"),
    scopes: names(scopes, "scopes"),
    claims: freezeJson(claims, "claims") as AuthContext["claims"],
    type,
  };
  if (name !== undefined) context.name = name;
  if (expiresAt !== undefined) {
    Object.defineProperty(context, "expiresAt", { enumerable: true, get: () => new Date(time) });
  }
  return Object.freeze(context);
}

function names(list: unknown, field: string): readonly string[] {
  if (!Array.isArray(list) || !list.every(isText))
    throw new TypeError(`${field}: expected a list of non-empty strings`);
  return Object.freeze([...new Set<string>(list)]);
}

/** With the flag `u`, this finds halves of characters only. */
const loneSurrogate = /\p{Surrogate}/u;

/** Text that can be written anywhere: half a character would come back as another one. */
function isText(value: unknown): value is string {
  return typeof value === "string" && value !== "" && !loneSurrogate.test(value);
}
