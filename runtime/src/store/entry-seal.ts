import { builtIn } from "../platform/built-in.js";

/** Encrypts and authenticates entries of a store. Reading and forging them needs the secret. */
export interface EntrySeal {
  /** Derived from the secret. It keeps others from computing the store's keys from credentials. */
  readonly salt: string;
  /** @param key - the entry's key in the store. The entry is invalid under another key. */
  seal(entry: string, key: string): string;
  /** Returns undefined for anything that {@link seal} did not write under this key. */
  open(text: string, key: string): string | undefined;
}

const algorithm = "aes-256-gcm";
const [ivLength, tagLength] = [12, 16];

/** AES-256-GCM (NIST SP 800-38D), with a key that HKDF (RFC 5869) derives from the secret. */
export function createEntrySeal(secret: string): EntrySeal {
  const { createCipheriv, createDecipheriv, hkdfSync, randomBytes } = builtIn("node:crypto");
  const derive = (use: string) => Buffer.from(hkdfSync("sha256", secret, "", `@connectum/auth ${use}`, 32));
  const entryKey = derive("cache entry");
  return {
    salt: derive("cache key").toString("base64url"),
    seal(entry, key) {
      const iv = randomBytes(ivLength);
      const cipher = createCipheriv(algorithm, entryKey, iv, { authTagLength: tagLength }).setAAD(Buffer.from(key));
      const bytes = Buffer.concat([iv, cipher.update(entry, "utf8"), cipher.final(), cipher.getAuthTag()]);
      // JSON, like every entry: some stores parse values.
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
