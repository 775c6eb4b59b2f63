import type { AuthContext, AuthContextInit } from "../context/auth-context.js";

/** A verified credential in a store. */
export interface StoredEntry {
  readonly identity: AuthContextInit;
  /** Milliseconds since the epoch. */
  readonly until: number;
  readonly vouchedBy: string | undefined;
}

/** Version of the format. Entries of other versions are ignored. */
const version = 2;

export function encodeEntry(context: AuthContext, until: number, vouchedBy: string | undefined): string {
  return JSON.stringify({ version, until, vouchedBy, identity: context });
}

/** Decodes an entry without checking its identity. Returns undefined for other text. */
export function decodeEntry(text: string | undefined): StoredEntry | undefined {
  if (text === undefined) return undefined;
  try {
    const { version: written, until, vouchedBy, identity } = JSON.parse(text);
    if (written !== version || typeof until !== "number") return undefined;
    if (vouchedBy !== undefined && typeof vouchedBy !== "string") return undefined;
    const { expiresAt, authTime, ...fields } = identity;
    return {
      identity: {
        ...fields,
        ...(expiresAt !== undefined && { expiresAt: new Date(expiresAt) }),
        ...(authTime !== undefined && { authTime: new Date(authTime) }),
      },
      until,
      vouchedBy,
    };
  } catch {
    return undefined;
  }
}
