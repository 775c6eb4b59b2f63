import { createPublicKey } from "node:crypto";
import { exportSPKI, generateKeyPair, SignJWT } from "jose";
import { audience, type FaultyIssuer, issueToken } from "./faulty-issuer.js";
import type { Random } from "./random.js";

const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
const stranger = await generateKeyPair("ES256");

/** Tokens that no issuer has issued. Each takes the issuer that it names, and another one. */
const forgeries: Readonly<
  Record<string, (issuer: FaultyIssuer, other: FaultyIssuer, random: Random) => Promise<string>>
> = {
  async "without a signature"(issuer) {
    return `${encode({ alg: "none" })}.${encode(claimsOf(issuer))}.`;
  },
  async "another payload under a good signature"(issuer) {
    const [header, , signature] = (await issueToken(issuer, "mallory", 10_000)).text.split(".");
    return `${header}.${encode({ ...claimsOf(issuer), sub: "admin" })}.${signature}`;
  },
  "signed by a stranger under a known name": (issuer) => sign(issuer, stranger.privateKey, issuer.key.kid),
  "signed by a stranger under an unknown name": (issuer, _, random) =>
    sign(issuer, stranger.privateKey, `made-up-${random.between(0, 1e9)}`),
  "signed by the other issuer": (issuer, other) => sign(issuer, other.key.privateKey, other.key.kid),
  "signed by the other issuer under a known name": (issuer, other) =>
    sign(issuer, other.key.privateKey, issuer.key.kid),
  async "for another audience"(issuer) {
    return (await issueToken(issuer, "mallory", 10_000, issuer.key, { aud: "elsewhere" })).text;
  },
  async "not valid yet"(issuer) {
    const nbf = Math.floor(Date.now() / 1_000) + 10 * 86_400;
    return (await issueToken(issuer, "mallory", 10_000, issuer.key, { nbf })).text;
  },
  async "signed by the public key as a secret"(issuer) {
    const secret = new TextEncoder().encode(await exportSPKI(createPublicKey({ key: issuer.key.jwk, format: "jwk" })));
    const { kid } = issuer.key;
    return new SignJWT(claimsOf(issuer))
      .setProtectedHeader({ alg: "HS256", ...(kid !== undefined && { kid }) })
      .sign(secret);
  },
};

function claimsOf(issuer: FaultyIssuer) {
  return { iss: issuer.issuer, aud: audience, sub: "mallory", exp: Math.floor(Date.now() / 1_000) + 100 * 86_400 };
}

function sign(issuer: FaultyIssuer, key: CryptoKey, kid: string | undefined): Promise<string> {
  return new SignJWT(claimsOf(issuer))
    .setProtectedHeader({ alg: "ES256", ...(kid !== undefined && { kid }) })
    .sign(key);
}

/** A token that must never be accepted, and what is wrong with it. */
export async function forgeToken(
  issuer: FaultyIssuer,
  other: FaultyIssuer,
  random: Random,
): Promise<{ readonly text: string; readonly wrong: string }> {
  const wrong = random.pick(Object.keys(forgeries));
  const text = await (forgeries[wrong] as (typeof forgeries)[string])(issuer, other, random);
  return { text, wrong };
}
