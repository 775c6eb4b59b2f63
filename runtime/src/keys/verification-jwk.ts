import { base64url, type JWK } from "jose";

const rsa: readonly string[] = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"];

/** Algorithms by key type and curve. */
const byCurve: ReadonlyMap<string, readonly string[]> = /* @__PURE__ */ new Map([
  ["EC P-256", ["ES256"]],
  ["EC P-384", ["ES384"]],
  ["EC P-521", ["ES512"]],
  ["OKP Ed25519", ["EdDSA", "Ed25519"]],
]);

/** Every algorithm that a public key can verify. */
export const asymmetricAlgorithms: readonly string[] = /* @__PURE__ */ rsa.concat(...byCurve.values());

/** Members found only in private or secret keys (RFC 7518 section 6). */
const privateMembers = ["d", "p", "q", "dp", "dq", "qi", "oth", "k", "priv"] as const;

/** Length of a coordinate in bytes. */
const coordinateLengths: Readonly<Record<string, number>> = { "P-256": 32, "P-384": 48, "P-521": 66, Ed25519: 32 };

/** Whether a key has a private or secret part. */
export function isPrivate(jwk: JWK): boolean {
  return jwk.kty === "oct" || privateMembers.some((name) => jwk[name] !== undefined);
}

/** Returns the algorithms that a key may verify: its `alg`, else all of its type. None for a key with a fault. */
export function algorithmsOf(jwk: JWK): readonly string[] {
  const fitting = fittingAlgorithms(jwk);
  return jwk.alg === undefined ? fitting : fitting.filter((algorithm) => algorithm === jwk.alg);
}

/** Describes why a key is for another purpose than verifying tokens (RFC 7517 section 4). Else undefined. */
export function otherPurposeOf(jwk: JWK): string | undefined {
  const { kty, use, key_ops: operations, alg } = jwk;
  const fitting = fittingAlgorithms(jwk);
  if (fitting.length === 0) {
    return `no JWT algorithm uses a key of type ${`${kty === "OKP" ? jwk.crv : kty}`.toLowerCase()}`;
  }
  if (use !== undefined && use !== "sig") return `its use is ${quote(use)}; expected a key with use "sig"`;
  if (alg !== undefined && !fitting.includes(alg)) {
    return `its alg is ${quote(alg)}; expected a key with ${fitting.join(", ")}`;
  }
  if (operations !== undefined && !operations.includes("verify")) {
    return `its key_ops are ${quote(operations)}; expected a key with "verify"`;
  }
  return undefined;
}

/** Describes why a key is malformed or unsafe. Else undefined. Contains no key material. */
export function faultOf(jwk: JWK): string | undefined {
  const { kty, key_ops: operations } = jwk;
  if (typeof kty !== "string") return "it has no kty";
  if (isPrivate(jwk)) return "it is a private or secret key";
  for (const name of ["kid", "use", "alg", "crv"] as const) {
    if (jwk[name] !== undefined && typeof jwk[name] !== "string") return `its ${name} is not a string`;
  }
  if (operations !== undefined && !(Array.isArray(operations) && operations.every((op) => typeof op === "string"))) {
    return "its key_ops are not a list of strings";
  }
  if (fittingAlgorithms(jwk).length === 0) return undefined;
  return kty === "RSA" ? faultOfRsa(jwk) : faultOfPoint(jwk);
}

function fittingAlgorithms({ kty, crv }: JWK): readonly string[] {
  return (kty === "RSA" ? rsa : byCurve.get(`${kty} ${crv}`)) ?? [];
}

function faultOfRsa(jwk: JWK): string | undefined {
  const [modulus, exponent] = [numberOf(jwk.n), numberOf(jwk.e)];
  if (modulus === undefined || exponent === undefined) return "its n or e is missing or malformed";
  const bits = modulus.length * 8 - Math.clz32(modulus[0] ?? 0) + 24;
  if (bits < 2048) return `its modulus has ${bits} bits; expected at least 2048 (RFC 7518 section 3.3)`;
  // The limit of OpenSSL.
  if (bits > 16_384) return `its modulus has ${bits} bits; expected at most 16384`;
  if (((modulus.at(-1) ?? 0) & 1) === 0) return "its modulus is even";
  // With e = 1 anybody can sign. A long e makes verifying slow.
  const e = exponent.length > 4 ? Number.NaN : exponent.reduce((value, byte) => value * 256 + byte, 0);
  if (!(e >= 3 && e % 2 === 1)) return "its exponent e is not an odd number from 3 to 4294967295; use 65537";
  return undefined;
}

function faultOfPoint(jwk: JWK): string | undefined {
  const { kty, crv = "", x, y } = jwk;
  for (const coordinate of kty === "EC" ? [x, y] : [x]) {
    const length = bytesOf(coordinate)?.length;
    if (length !== coordinateLengths[crv]) return `its coordinates are not ${coordinateLengths[crv]} bytes long`;
  }
  if (kty === "OKP" && isOfSmallOrder(bytesOf(x) as Uint8Array)) return "its point has a small order: anybody can sign";
  return undefined;
}

/** The y coordinates of the Ed25519 points of small order (a divisor of 8): little-endian, canonical or not. */
const smallOrders: ReadonlySet<string> = /* @__PURE__ */ new Set([
  `00${"00".repeat(31)}`,
  `01${"00".repeat(31)}`,
  `ec${"ff".repeat(30)}7f`,
  `ed${"ff".repeat(30)}7f`,
  `ee${"ff".repeat(30)}7f`,
  "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
  "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
]);

function isOfSmallOrder(point: Uint8Array): boolean {
  const y = [...point.subarray(0, 31), (point[31] ?? 0) & 0x7f];
  return smallOrders.has(y.map((byte) => byte.toString(16).padStart(2, "0")).join(""));
}

/** The bytes of a number without leading zeros. Undefined if malformed. */
function numberOf(text: unknown): Uint8Array | undefined {
  const bytes = bytesOf(text);
  const start = bytes?.findIndex((byte) => byte !== 0) ?? -1;
  return start === -1 ? undefined : bytes?.subarray(start);
}

function bytesOf(text: unknown): Uint8Array | undefined {
  try {
    return typeof text === "string" ? base64url.decode(text) : undefined;
  } catch {
    return undefined;
  }
}

function quote(value: unknown): string {
  return (JSON.stringify(value) ?? "undefined").slice(0, 100);
}
