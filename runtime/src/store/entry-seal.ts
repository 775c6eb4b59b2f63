import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from "node:crypto";

/** Encrypts and authenticates entries of a store: without the secret they can be neither read nor made up. */
export interface EntrySeal {
  /** Depends on the secret: makes keys of the store that nobody else can work out from a credential. */
  readonly salt: string;
  /** @param key - where in the store the entry stands: it cannot be moved. */
  seal(entry: string, key: string): string;
  /** Undefined for what {@link seal} did not write under this key. */
  open(text: string, key: string): string | undefined;
}

const algorithm = "aes-256-gcm";
const [ivLength, tagLength] = [12, 16];

/** AES-256-GCM (NIST SP 800-38D) by a key that HKDF (RFC 5869) makes of a secret. */
export function createEntrySeal(secret: string): EntrySeal {
  const derive = (use: string) => Buffer.from(hkdfSync("sha256", secret, "", `@connectum/auth ${use}`, 32));
  const entryKey = derive("cache entry");
  return {
    salt: derive("cache key").toString("base64url"),
    seal(entry, key) {
      const iv = randomBytes(ivLength);
      const cipher = createCipheriv(algorithm, entryKey, iv, { authTagLength: tagLength }).setAAD(Buffer.from(key));
      const bytes = Buffer.concat([iv, cipher.update(entry, "utf8"), cipher.final(), cipher.getAuthTag()]);
      // JSON, like every other entry: some stores parse what they return.
      return JSON.stringify({ sealed: bytes.toString("base64url") });
    },
    open(text, key) {
      try {
        const bytes = Buffer.from(String(JSON.parse(text).sealed), "base64url");
        const end = bytes.length - tagLength;
        const decipher = createDecipheriv(algorithm, entryKey, bytes.subarray(0, ivLength), {
          authTagLength: tagLength,
        });
        decipher.setAAD(Buffer.from(key)).setAuthTag(bytes.subarray(end));
        return decipher.update(bytes.subarray(ivLength, end), undefined, "utf8") + decipher.final("utf8");
      } catch {
        return undefined;
      }
    },
  };
}
