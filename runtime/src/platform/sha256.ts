import { builtIn } from "./built-in.js";

/**
 * Returns the SHA-256 digest of a text or of bytes. Uses `crypto.hash` (Node 20.12 and newer) if there is one, because
 * creating a `Hash` object costs more than hashing a short text.
 */
export function sha256(data: string | Uint8Array, encoding: "hex" | "base64url" = "hex"): string {
  const crypto = builtIn("node:crypto");
  return typeof crypto.hash === "function"
    ? crypto.hash("sha256", data, encoding)
    : crypto.createHash("sha256").update(data).digest(encoding);
}
