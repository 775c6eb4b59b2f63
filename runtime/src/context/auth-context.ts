import type { ContextKey } from "@connectrpc/connect";
import { memberOf } from "../platform/member-of.js";
import { timeOf } from "../platform/time-of.js";
import { type Actor, claimOfActor, createActor } from "./actor.js";
import { type FrozenJson, freezeJson } from "./freeze-json.js";
import { sharedContextKey } from "./shared.js";

/** The identity of a caller. Frozen deeply, since a cached identity serves many calls. */
export interface AuthContext {
  /** The principal; never empty. The `sub` claim of a token (RFC 7519 section 4.1.2). */
  readonly subject: string;
  /** The display name. */
  readonly name?: string;
  readonly roles: readonly string[];
  readonly scopes: readonly string[];
  /** The permissions in the credential. The option `grants` adds others. */
  readonly permissions: readonly string[];
  /** The claims of the credential, as JSON values. */
  readonly claims: Readonly<Record<string, FrozenJson>>;
  /** The kind of credential: `jwt`, `gateway`, `session`, or the name of a scheme. */
  readonly type: string;
  /**
   * The party that acts for the subject (RFC 8693 section 4.1). Roles, scopes and permissions are those of the credential; no
   * table looks at the actor. Conditions read it as the claim `act`. Undefined without delegation.
   */
  readonly actor?: Actor;
  /** The expiry of the credential. Each read returns a new `Date`. */
  readonly expiresAt?: Date;
  /** How the caller authenticated: the claim `acr` (OpenID Connect Core section 2). */
  readonly acr?: string;
  /** When the caller authenticated: the claim `auth_time`. Each read returns a new `Date`. */
  readonly authTime?: Date;
}

/**
 * The result of a verification. Undefined fields, and a name or list that is null or `""`, are absent; absent lists are empty.
 * A malformed field rejects the credential. So does null as the subject, the claims or `expiresAt`.
 *
 * Members of `Object.prototype` are ignored. Members of your own classes are read.
 */
export interface AuthContextInit {
  readonly subject: string;
  readonly name?: string | null | undefined;
  readonly roles?: readonly string[] | "" | null | undefined;
  readonly scopes?: readonly string[] | "" | null | undefined;
  readonly permissions?: readonly string[] | "" | null | undefined;
  /** JSON values; a `Date` becomes its ISO 8601 string. */
  readonly claims?: Readonly<Record<string, unknown>> | undefined;
  /** By default, the scheme's name. */
  readonly type?: string | undefined;
  /** The party that acts for the subject. A malformed one rejects the credential. */
  readonly actor?: Actor | null | undefined;
  readonly expiresAt?: Date | undefined;
  readonly acr?: string | null | undefined;
  readonly authTime?: Date | undefined;
}

/**
 * The identity of a call. Undefined for an anonymous caller.
 *
 * @example
 * router.service(OrderService, {
 *   listOrders(request, context) {
 *     const caller = context.values.get(authContextKey);
 *     return orders.of(caller?.subject);
 *   },
 * });
 */
export const authContextKey: ContextKey<AuthContext | undefined> = /* @__PURE__ */ sharedContextKey<
  AuthContext | undefined
>("caller", undefined);

/**
 * Checks an identity and returns it frozen.
 *
 * @throws TypeError naming the malformed field, never its value.
 */
export function createAuthContext(init: AuthContextInit, defaultType: string): AuthContext {
  const member = (field: keyof AuthContextInit): unknown => memberOf(Object(init) as AuthContextInit, field);
  const subject = member("subject");
  const name = absentAsUndefined(member("name"));
  const { claims = {}, type = defaultType } = { claims: member("claims"), type: member("type") };
  const [expiresAt, authTime] = [member("expiresAt"), member("authTime")];
  const acr = absentAsUndefined(member("acr"));
  const givenActor = member("actor") ?? undefined;
  if (!isText(subject)) throw new TypeError("subject: expected a non-empty string");
  if (name !== undefined && !isText(name)) throw new TypeError("name: expected a string");
  if (!isText(type)) throw new TypeError("type: expected a non-empty string");
  if (typeof claims !== "object" || claims === null || Array.isArray(claims)) {
    throw new TypeError("claims: expected an object");
  }
  if (acr !== undefined && !isText(acr)) throw new TypeError("acr: expected a string");
  const context: { -readonly [Field in keyof AuthContext]: AuthContext[Field] } = {
    subject,
    roles: names(absentAsUndefined(member("roles")) ?? [], "roles"),
    scopes: names(absentAsUndefined(member("scopes")) ?? [], "scopes"),
    permissions: names(absentAsUndefined(member("permissions")) ?? [], "permissions"),
    claims: freezeJson(claims, "claims") as AuthContext["claims"],
    type,
  };
  if (name !== undefined) context.name = name;
  if (acr !== undefined) context.acr = acr;
  if (expiresAt !== undefined) defineDate(context, "expiresAt", expiresAt);
  if (authTime !== undefined) defineDate(context, "authTime", authTime);
  if (givenActor !== undefined) {
    const actor = createActor(givenActor);
    context.actor = actor;
    // Conditions read claims. One that forbids delegation must see it, from whatever scheme the actor comes.
    if (absentAsUndefined(context.claims["act"]) === undefined) {
      const act = freezeJson(claimOfActor(actor), "act");
      context.claims = Object.freeze({ ...context.claims, act });
    }
  }
  return Object.freeze(context);
}

// One getter for all identities. With a getter for each, V8 turns identities into slow dictionaries.
const dateMembers = {
  expiresAt: /* @__PURE__ */ dateMember("expiresAt"),
  authTime: /* @__PURE__ */ dateMember("authTime"),
} as const;

/** A member that is a new `Date` at each read: a shared one could be changed. */
function dateMember(field: string): { readonly time: symbol; readonly descriptor: PropertyDescriptor } {
  const time = Symbol(`@connectum/auth ${field}`);
  return {
    time,
    descriptor: {
      enumerable: true,
      get(this: { readonly [time]: number }) {
        return new Date(this[time] as number);
      },
    },
  };
}

function defineDate(context: object, field: keyof typeof dateMembers, date: unknown): void {
  const value = timeOf(date);
  if (Number.isNaN(value)) throw new TypeError(`${field}: expected a valid Date`);
  const { time, descriptor } = dateMembers[field];
  Object.defineProperty(context, time, { value });
  Object.defineProperty(context, field, descriptor);
}

/** Databases and frameworks use null or `""` for an absent value. */
export function absentAsUndefined(value: unknown): unknown {
  return value === null || value === "" ? undefined : value;
}

const noNames: readonly string[] = /* @__PURE__ */ Object.freeze([]);

function names(list: unknown, field: string): readonly string[] {
  if (!Array.isArray(list) || !list.every(isText))
    throw new TypeError(`${field}: expected a list of non-empty strings`);
  // Most identities lack one list or another, and many are kept.
  if (list.length === 0) return noNames;
  return Object.freeze(list.length === 1 ? [...list] : [...new Set<string>(list)]);
}

/** The flag `u` makes it match unpaired surrogates only. */
const loneSurrogate = /\p{Surrogate}/u;

/** Returns true for non-empty text that every encoding preserves. Unpaired surrogates are not preserved. */
function isText(value: unknown): value is string {
  return typeof value === "string" && value !== "" && !loneSurrogate.test(value);
}
