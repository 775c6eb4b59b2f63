import type { AuthContext } from "../context/auth-context.js";
import { anything } from "../options/check.js";
import { type OptionTable, readOptions } from "../options/read-options.js";
import { sha256 } from "../platform/sha256.js";
import { credentialName } from "./credential-name.js";

/** The credentials to revoke. */
export type Revocation =
  /**
   * Every credential of a principal issued before now, by any issuer. The claim `iat` is the time of issue, in seconds. A credential
   * without `iat`, or with one more than a day ahead, is revoked too.
   */
  | { readonly subject: string }
  /** The token or session with this claim `jti`. */
  | { readonly tokenId: string | number }
  /**
   * One credential in every spelling: the token, the API key, the value of the session's cookie, with or without `Bearer`. A
   * JSON Web Token is identified by its header and payload.
   */
  | { readonly credential: string };

type Members = { readonly [Name in "subject" | "tokenId" | "credential"]?: unknown };

const revocationOptions = (): OptionTable<Members> => ({ subject: anything, tokenId: anything, credential: anything });

/**
 * Returns the names of all revocations that would cover a caller.
 *
 * @param presented - the caller's credential, or undefined if the scheme does not know it.
 */
export function namesOfCaller(presented: string | undefined, { subject, claims }: AuthContext): readonly string[] {
  const tokenId = Object.hasOwn(claims, "jti") ? claims["jti"] : undefined;
  return [
    digest("subject", subject),
    ...(typeof tokenId === "string" || typeof tokenId === "number" ? [digest("tokenId", String(tokenId))] : []),
    ...(presented === undefined ? [] : [digest("credential", credentialName(presented))]),
  ];
}

/** Returns the names of a revocation. @throws TypeError for one that covers no caller. */
export function namesOfRevocation(what: Revocation): readonly string[] {
  const own = readOptions<Members>("revoke", what, revocationOptions);
  const [[kind, given] = ["", ""], ...more] = Object.entries<unknown>(own);
  const value = kind === "tokenId" && Number.isFinite(given) ? String(given) : given;
  if (more.length > 0 || typeof value !== "string" || value === "") {
    throw new TypeError("revoke: expected one of { subject }, { tokenId } and { credential }, a non-empty string");
  }
  if (kind === "credential") return [digest(kind, credentialName(checkCredential(value)))];
  // JSON.parse rounds a `jti` that is such a long number.
  const rounded = kind === "tokenId" && /^[1-9]\d{15,}$/.test(value) ? String(Number(value)) : value;
  return [...new Set([digest(kind, value), digest(kind, rounded)])];
}

function checkCredential(credential: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: headers cannot contain them.
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
