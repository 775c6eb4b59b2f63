import { generateKeyPair, SignJWT } from "jose";
import { audience, internalAudience } from "../access.js";
import type { IdentityProvider } from "../identity-provider.js";
import { ada, carol, type Person, sam } from "../people.js";

/** A caller in the demo. */
export interface Caller {
  readonly name: string;
  /** Undefined for an anonymous caller. */
  readonly token: string | undefined;
  /** The token's subject, roles and scopes. Empty for an anonymous caller. */
  readonly subject: string;
  readonly roles: readonly string[];
  readonly scopes: readonly string[];
  /** True if the token is for the shop's own services. */
  readonly internal: boolean;
  /** The flaw of an invalid token. Undefined for a valid one. */
  readonly flaw: string | undefined;
}

export type Callers = Awaited<ReturnType<typeof createCallers>>;

/** Creates all callers of the demo, with valid and invalid tokens. */
export async function createCallers(identityProvider: IdentityProvider) {
  const issue = (person: Person, changes: Partial<Parameters<IdentityProvider["issueToken"]>[0]> = {}) =>
    identityProvider.issueToken({ ...person, audience, ...changes });
  const warehouse: Person = { subject: "warehouse", name: "Warehouse", roles: [], scopes: [] };
  return {
    anonymous: {
      name: "anonymous",
      token: undefined,
      subject: "",
      roles: [],
      scopes: [],
      internal: false,
      flaw: undefined,
    },
    carol: caller(carol, await issue(carol)),
    sam: caller(sam, await issue(sam)),
    samReadOnly: {
      ...caller(sam, await issue(sam, { scopes: ["orders:read"] })),
      name: "sam, read-only token",
      scopes: ["orders:read"],
    },
    ada: caller(ada, await issue(ada)),
    warehouse: { ...caller(warehouse, await issue(warehouse, { audience: internalAudience })), internal: true },
    malformed: flawed("sam, malformed token", "not.a.token", "the token is not a JWT"),
    expired: flawed("sam, expired token", await issue(sam, { lifetime: -60 }), "the token expired a minute ago"),
    otherAudience: flawed(
      "sam, token for mail",
      await issue(sam, { audience: "mail" }),
      "the token is for the API mail, not for shop",
    ),
    forged: flawed(
      "sam, forged token",
      await forge(identityProvider.issuer),
      "the token is signed with a stranger's key",
    ),
  } satisfies Record<string, Caller>;
}

function caller({ subject, roles, scopes }: Person, token: string): Caller {
  return { name: subject, token, subject, roles, scopes, internal: false, flaw: undefined };
}

function flawed(name: string, token: string, flaw: string): Caller {
  return { ...caller(sam, token), name, flaw };
}

/** Returns a token with valid claims and the provider's key id, signed with another key. */
async function forge(issuer: string): Promise<string> {
  const { privateKey } = await generateKeyPair("ES256");
  return new SignJWT({ roles: sam.roles, scope: sam.scopes.join(" ") })
    .setProtectedHeader({ alg: "ES256", kid: "shop-1", typ: "at+jwt" })
    .setIssuer(issuer)
    .setAudience(audience)
    .setSubject(sam.subject)
    .setExpirationTime("1h")
    .sign(privateKey);
}
