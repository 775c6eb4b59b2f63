import * as crypto from "node:crypto";

/**
 * The SHA-256 digest of a text or of bytes. In one call where the runtime offers it (Node 20.12 and newer): creating a `Hash` is most of
 * what a short text costs.
 */
export function sha256(data: string | Uint8Array, encoding: "hex" | "base64url" = "hex"): string {
  return typeof crypto.hash === "function"
    ? crypto.hash("sha256", data, encoding)
    : crypto.createHash("sha256").update(data).digest(encoding);
}
