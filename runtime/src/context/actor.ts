import { memberOf } from "../platform/member-of.js";

/**
 * The party that acts for the subject (delegation, RFC 8693 section 4.1): the claim `act`.
 *
 * @example
 * const { subject, actor } = requireAuthContext(context);
 * log.info("order canceled", { by: actor?.subject ?? subject, for: subject });
 */
export interface Actor {
  /** Never empty. The member `sub` of the claim. */
  readonly subject: string;
  /** The issuer of the actor's identity. The member `iss` of the claim. */
  readonly issuer?: string;
  /** The actor before this one. For information only: RFC 8693 forbids decisions by it. */
  readonly actor?: Actor;
}

/** Most actors of one chain. Each delegation adds one. */
const maxActors = 10;

/** The names of the members of an actor: in an identity, and in the claim `act`. */
const members = { subject: "subject", issuer: "issuer", actor: "actor" } as const;
const claims = { subject: "sub", issuer: "iss", actor: "act" } as const;

/**
 * Checks an actor with its chain, and returns it frozen. Ignores other members.
 *
 * @throws TypeError naming the malformed member, never its value.
 */
export function createActor(init: unknown): Actor {
  return read(init, members, 1, "actor");
}

/**
 * Reads a claim `act`. Other members of it are ignored: they say nothing about the validity of the token.
 *
 * @throws TypeError for a malformed one.
 */
export function actorOfClaim(act: unknown): Actor {
  return read(act, claims, 1, "act");
}

/** Writes an actor as a claim `act`. */
export function claimOfActor({ subject, issuer, actor }: Actor): object {
  return {
    sub: subject,
    ...(issuer !== undefined && { iss: issuer }),
    ...(actor !== undefined && { act: claimOfActor(actor) }),
  };
}

function read(value: unknown, names: typeof members | typeof claims, count: number, path: string): Actor {
  if (count > maxActors) throw new TypeError(`${path}: more than ${maxActors} actors`);
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new TypeError(`${path}: expected an object`);
  }
  const member = (field: keyof Actor) => memberOf(value as Record<string, unknown>, names[field]) ?? undefined;
  const text = (field: "subject" | "issuer") => {
    const found = member(field);
    const isText = typeof found === "string" && found !== "" && !loneSurrogate.test(found);
    if (!isText && (field === "subject" || found !== undefined)) {
      throw new TypeError(`${path}.${names[field]}: expected a non-empty string`);
    }
    return found as string;
  };
  const actor: { -readonly [Field in keyof Actor]: Actor[Field] } = { subject: text("subject") };
  const issuer = text("issuer");
  const prior = member("actor");
  if (issuer !== undefined) actor.issuer = issuer;
  if (prior !== undefined) actor.actor = read(prior, names, count + 1, `${path}.${names.actor}`);
  return Object.freeze(actor);
}

/** Unpaired surrogates, which no encoding preserves. */
const loneSurrogate = /\p{Surrogate}/u;
