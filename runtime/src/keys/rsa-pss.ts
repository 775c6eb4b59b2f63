import type { KeyObject } from "node:crypto";
import { builtIn } from "../platform/built-in.js";

/**
 * Converts an RSA-PSS key to a plain RSA key, because jose and WebCrypto accept no other. The parameters are lost; the
 * caller must enforce them.
 */
export function removePssParameters(key: KeyObject): KeyObject {
  // SubjectPublicKeyInfo (RFC 5280 section 4.1): a sequence of the algorithm and a bit string with the RSAPublicKey.
  const spki = key.export({ format: "der", type: "spki" });
  const algorithm = elementAt(spki, elementAt(spki, 0).start);
  const bits = elementAt(spki, algorithm.end);
  // The first byte of a bit string is its number of unused bits.
  return builtIn("node:crypto").createPublicKey({
    key: spki.subarray(bits.start + 1, bits.end),
    format: "der",
    type: "pkcs1",
  });
}

/** Start and end of the content of a DER element. */
function elementAt(der: Buffer, offset: number): { readonly start: number; readonly end: number } {
  const first = der.readUInt8(offset + 1);
  const bytes = first < 0x80 ? 0 : first & 0x7f;
  const start = offset + 2 + bytes;
  return { start, end: start + (bytes === 0 ? first : der.readUIntBE(offset + 2, bytes)) };
}
