import type { AuthContext } from "../context/auth-context.js";
import { anything } from "../options/check.js";
import { type OptionTable, readOptions } from "../options/read-options.js";
import { sha256 } from "../platform/sha256.js";
import { credentialName } from "./credential-name.js";

/** What is revoked. */
export type Revocation =
  /**
   * Every credential of a principal that was issued before now, by any issuer. Credentials say when they were issued by a
   * claim `iat`, in seconds; one that does not say, or names a time more than a day ahead, counts as issued before.
   */
  | { readonly subject: string }
  /** The token whose claim `jti` this is, and the session whose `mapSession` says so. */
  | { readonly tokenId: string | number }
  /**
   * One credential in every spelling: the token, the API key, the value of the session's cookie. `Bearer` may stand before
   * it. A JSON Web Token counts by its header and payload.
   */
  | { readonly credential: string };

type Members = { readonly [Name in "subject" | "tokenId" | "credential"]?: unknown };

const revocationOptions = (): OptionTable<Members> => ({
  subject: anything,
  tokenId: anything,
  credential: anything,
});

/**
 * Names of every revocation that would mean this caller.
 *
 * @param presented - the caller's credential; undefined if the scheme does not know it.
 */
export function namesOfCaller(presented: string | undefined, { subject, claims }: AuthContext): readonly string[] {
  const tokenId = Object.hasOwn(claims, "jti") ? claims["jti"] : undefined;
  return [
    digest("subject", subject),
    ...(typeof tokenId === "string" || typeof tokenId === "number" ? [digest("tokenId", String(tokenId))] : []),
    ...(presented === undefined ? [] : [digest("credential", credentialName(presented))]),
  ];
}

/** @throws TypeError for a revocation that cannot mean anybody. */
export function namesOfRevocation(what: Revocation): readonly string[] {
  const own = readOptions<Members>("revoke", what, revocationOptions);
  const [[kind, given] = ["", ""], ...more] = Object.entries<unknown>(own);
  const value = kind === "tokenId" && Number.isFinite(given) ? String(given) : given;
  if (more.length > 0 || typeof value !== "string" || value === "") {
    throw new TypeError("revoke: expected one of { subject }, { tokenId } and { credential }, a non-empty string");
  }
  if (kind === "credential") return [digest(kind, credentialName(checkCredential(value)))];
  // A token whose `jti` is a number this long is read rounded.
  const rounded = kind === "tokenId" && /^[1-9]\d{15,}$/.test(value) ? String(Number(value)) : value;
  return [...new Set([digest(kind, value), digest(kind, rounded)])];
}

function checkCredential(credential: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: no header carries them.
  if (/^\s|\s$|[\u0000-\u001f\u007f]/.test(credential) || credentialName(credential) === "") {
    throw new TypeError(
      "revoke: no call can present { credential }: it is blank, or has white space around it or control characters in it",
    );
  }
  return credential;
}

function digest(kind: string, value: string): string {
  return `${kind}:${sha256(value, "base64url")}`;
}
