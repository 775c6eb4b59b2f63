import { createHmac, createSign, generateKeyPairSync, type KeyObject, sign as signBytes } from "node:crypto";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { Code, ConnectError, createClient, createRouterTransport, type Interceptor } from "@connectrpc/connect";
import { createJwtAuthInterceptor, type JwtOptions } from "@connectum/auth";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { EchoService } from "../gen/lab/v1/lab_pb.js";
import { labRoutes } from "../support/lab.js";

// Tokens are spelled by hand here, not by a library that would refuse to write most of them.

const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 });
const stranger = generateKeyPairSync("rsa", { modulusLength: 2048 });
const ec = generateKeyPairSync("ec", { namedCurve: "P-256" });
const issuer = "https://login.example.com";
const audience = "lab";
const now = Math.floor(Date.now() / 1000);
const good = { iss: issuer, aud: audience, sub: "ada", exp: now + 600 };

const encode = (part: unknown) =>
  Buffer.from(typeof part === "string" || Buffer.isBuffer(part) ? part : JSON.stringify(part)).toString("base64url");
const signRsa = (input: string, key: KeyObject = rsa.privateKey) => createSign("sha256").update(input).sign(key);

/** A compact JWS: `header` and `payload` are values, or the exact text to encode. */
function token(header: unknown, payload: unknown = good, sign: (input: string) => Buffer = signRsa): string {
  const input = `${encode(header)}.${encode(payload)}`;
  return `${input}.${sign(input).toString("base64url")}`;
}
const rs256 = { alg: "RS256", kid: "rsa" };
const withClaims = (claims: object) => token(rs256, { ...good, ...claims });
const without = (name: keyof typeof good) => {
  const { [name]: _, ...claims } = good;
  return token(rs256, claims);
};
const publicPem = rsa.publicKey.export({ format: "pem", type: "spki" }) as string;
const publicJwk = rsa.publicKey.export({ format: "jwk" });
/** A sound key, which makes a set usable. */
const beside = { ...ec.publicKey.export({ format: "jwk" }), kid: "ec" };

let server: Server;
let jwksUri: string;
const keySets: Record<string, unknown> = {
  "/good": {
    keys: [
      { ...publicJwk, kid: "rsa" },
      { ...ec.publicKey.export({ format: "jwk" }), kid: "ec" },
    ],
  },
  "/for-encryption": { keys: [{ ...publicJwk, kid: "rsa", use: "enc" }, beside] },
  "/no-verify": { keys: [{ ...publicJwk, kid: "rsa", key_ops: ["encrypt"] }, beside] },
  "/other-alg": { keys: [{ ...publicJwk, kid: "rsa", alg: "PS256" }] },
  "/ambiguous": {
    keys: [
      { ...publicJwk, kid: "rsa" },
      { ...stranger.publicKey.export({ format: "jwk" }), kid: "rsa" },
    ],
  },
};
beforeAll(async () => {
  server = createServer((request, response) => response.end(JSON.stringify(keySets[request.url ?? ""])));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  jwksUri = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => new Promise((resolve) => server.close(resolve)));

const protect = (options: JwtOptions) => createJwtAuthInterceptor({ issuer, audience, ...options });

async function call(interceptor: Interceptor, credential: string): Promise<"ok" | Code> {
  const transport = createRouterTransport(labRoutes(), { router: { interceptors: [interceptor] } });
  const headers = { authorization: `Bearer ${credential}` };
  return createClient(EchoService, transport)
    .unary({}, { headers })
    .then(
      ({ subject }) => (subject === "ada" ? "ok" : Promise.reject(new Error(`a call without identity: ${subject}`))),
      (error) => {
        const { code, rawMessage } = ConnectError.from(error);
        expect(rawMessage).toBe("Invalid credentials");
        return code;
      },
    );
}

const byPublicKey = () => ({ publicKey: publicPem });

describe("what is right is let in", () => {
  test.each([
    ["RS256 by key set", () => ({ jwksUri: `${jwksUri}/good` }), token(rs256)],
    ["RS256 by public key", () => ({ publicKey: publicPem }), token(rs256)],
    ["ES256 by key set", () => ({ jwksUri: `${jwksUri}/good` }), token({ alg: "ES256", kid: "ec" }, good, signEc)],
    ["an audience among several", () => ({ publicKey: publicPem }), withClaims({ aud: ["other", audience] })],
    ["the demanded typ", () => ({ publicKey: publicPem, typ: "at+jwt" }), token({ ...rs256, typ: "at+jwt" })],
    ["exp with a fraction (RFC 7519 section 2)", () => ({ publicKey: publicPem }), withClaims({ exp: now + 600.5 })],
    ...[0, 1, 2].flatMap((length): [string, () => JwtOptions, string][] => [
      [`claims with ${length} characters more`, byPublicKey, withClaims({ a: "x".repeat(length) })],
      [`a header with ${length} characters more`, byPublicKey, token({ ...rs256, a: "x".repeat(length) })],
    ]),
    ["white space", byPublicKey, token(JSON.stringify(rs256, null, 2), JSON.stringify(good, null, "\t"))],
    ["colons in text", byPublicKey, withClaims({ a: "b:c", "d:": ":::" })],
    ["quotes in text", byPublicKey, withClaims({ a: 'b":"c', 'd":': '"' })],
    ["backslashes in text", byPublicKey, withClaims({ a: "b\\", "c\\": '\\":', d: "\\\\" })],
    ["escapes in text", byPublicKey, token(rs256, JSON.stringify({ ...good, a: "b" }).replace('"b"', '"\\u003a:\\n"'))],
    ["other writing", byPublicKey, withClaims({ ["\u540d\u524d\uff1a"]: "\u{1f511}: \u00e9" })],
    ["objects in objects", byPublicKey, withClaims({ a: { a: { a: { a: null } } }, b: {} })],
    ["objects in lists", byPublicKey, withClaims({ a: [{ a: [] }, [{ a: [1, true, "a:b"] }], null, {}] })],
  ])("%s", async (_, options, credential) => {
    expect(await call(protect(options()), credential)).toBe("ok");
  });
});

function signEc(input: string): Buffer {
  return signBytes("sha256", Buffer.from(input), { key: ec.privateKey, dsaEncoding: "ieee-p1363" });
}
const unsigned = () => Buffer.alloc(0);
const hmacBy = (key: string | Buffer) => (input: string) => createHmac("sha256", key).update(input).digest();
const zero = (length: number) => () => Buffer.alloc(length);

const [headerPart = "", payloadPart = "", signaturePart = ""] = token(rs256).split(".");
const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
/** The same bytes with other unused bits in the last character. */
const respelled = (part: string) => part.slice(0, -1) + alphabet[(alphabet.indexOf(part.at(-1) as string) ^ 1) % 64];

/** Other spellings of a part that ends in unused bits, one for each of them, signed as they are spelled. */
function respellings(part: "header" | "payload", more: object): [string, string, string][] {
  const [header, payload] = part === "header" ? [{ ...rs256, ...more }, good] : [rs256, { ...good, ...more }];
  const parts = { header: encode(header), payload: encode(payload) };
  const last = alphabet.indexOf(parts[part].at(-1) as string);
  const unused = parts[part].length % 4 === 2 ? [1, 2, 4, 8] : [1, 2];
  return unused.map((bit) => {
    const spelled = { ...parts, [part]: parts[part].slice(0, -1) + alphabet[last ^ bit] };
    const input = `${spelled.header}.${spelled.payload}`;
    return ["RFC 4648 3.5", `unused bit ${bit} set in the ${part}`, `${input}.${signRsa(input).toString("base64url")}`];
  });
}
/** Members that make the JSON text of a value one, or two bytes longer than a multiple of three. */
function ending(value: object, bytes: 1 | 2): object {
  for (let length = 0; ; length++) {
    const more = { a: "x".repeat(length) };
    if (JSON.stringify({ ...value, ...more }).length % 3 === bytes) return more;
  }
}
/** Claims with bytes that the two alphabets of base64 spell differently, wherever they stand. */
function inBase64(): string {
  const claims = Buffer.from(JSON.stringify({ ...good, a: "???>>>".repeat(3) }));
  const input = `${headerPart}.${claims.toString("base64").replace(/=+$/, "")}`;
  expect(input).toMatch(/[+/]/);
  return `${input}.${signRsa(input).toString("base64url")}`;
}
/** A second member in the place of a first. */
const twice = (claims: object, first: string, both: string) =>
  token(rs256, JSON.stringify({ ...good, ...claims }).replace(first, both));

const nested = (depth: number) => `${'{"a":'.repeat(depth)}1${"}".repeat(depth)}`;

const attacks: readonly [section: string, attack: string, credential: string][] = [
  ["RFC 8725 3.1", "alg none, no signature", token({ alg: "none" }, good, unsigned)],
  ["RFC 8725 3.1", "alg None", token({ alg: "None" }, good, unsigned)],
  ["RFC 8725 3.1", "alg nOnE with a signature", token({ alg: "nOnE" })],
  ["RFC 8725 3.1", "alg missing", token({ kid: "rsa" })],
  ["RFC 8725 3.1", "alg empty", token({ alg: "" })],
  ["RFC 8725 3.1", "alg not a string", token({ alg: ["RS256"], kid: "rsa" })],
  ["RFC 8725 3.1", "alg in lower case", token({ alg: "rs256", kid: "rsa" })],
  [
    "RFC 8725 2.1",
    "HMAC keyed with the public key as PEM",
    token({ alg: "HS256", kid: "rsa" }, good, hmacBy(publicPem)),
  ],
  [
    "RFC 8725 2.1",
    "HMAC keyed with the public key as JWK",
    token({ alg: "HS256" }, good, hmacBy(JSON.stringify(publicJwk))),
  ],
  ["RFC 8725 2.1", "HMAC keyed with the empty string", token({ alg: "HS256" }, good, hmacBy(""))],
  ["RFC 8725 3.2", "RS256 named, but signed with ES256", token(rs256, good, signEc)],
  ["RFC 8725 3.3", "signed by a stranger", token(rs256, good, (input) => signRsa(input, stranger.privateKey))],
  ["RFC 8725 3.3", "no signature", token(rs256, good, unsigned)],
  [
    "RFC 8725 3.3",
    "payload changed after signing",
    `${headerPart}.${encode({ ...good, sub: "eve" })}.${signaturePart}`,
  ],
  ["RFC 8725 3.3", "header changed after signing", `${encode({ ...rs256, x: 1 })}.${payloadPart}.${signaturePart}`],
  ["RFC 8725 3.3", "a JWT inside a JWT", token({ ...rs256, cty: "JWT" }, token(rs256))],
  ["RFC 8725 3.4", "the all-zero ECDSA signature", token({ alg: "ES256", kid: "ec" }, good, zero(64))],
  [
    "RFC 8725 3.4",
    "an ECDSA signature in DER",
    token({ alg: "ES256", kid: "ec" }, good, (input) => createSign("sha256").update(input).sign(ec.privateKey)),
  ],
  ["RFC 8725 3.4", "a truncated signature", token(rs256).slice(0, -8)],
  [
    "RFC 8725 3.6",
    "an encrypted token (five parts)",
    `${encode({ alg: "dir", enc: "A256GCM", zip: "DEF" })}..AAAA.AAAA.AAAA`,
  ],
  [
    "RFC 8725 3.7",
    "payload that is not UTF-8",
    token(
      rs256,
      Buffer.concat([
        Buffer.from('{"sub":"'),
        Buffer.from([0xc3, 0x28]),
        Buffer.from(`","exp":${good.exp},"iss":"${issuer}","aud":"lab"}`),
      ]),
    ),
  ],
  ["RFC 8725 3.7", "payload in UTF-16", token(rs256, Buffer.from(JSON.stringify(good), "utf16le"))],
  [
    "RFC 8725 3.7",
    "header that is not UTF-8",
    token(Buffer.concat([Buffer.from('{"alg":"RS256","kid":"'), Buffer.from([0xff]), Buffer.from('"}')])),
  ],
  ["RFC 8725 3.8", "another issuer", withClaims({ iss: "https://evil.example.com" })],
  ["RFC 8725 3.8", "no issuer", without("iss")],
  ["RFC 8725 3.8", "a list of issuers", withClaims({ iss: [issuer] })],
  ["RFC 8725 3.8", "the issuer with a slash", withClaims({ iss: `${issuer}/` })],
  ["RFC 8725 3.8", "no subject", without("sub")],
  ["RFC 8725 3.8", "an empty subject", withClaims({ sub: "" })],
  ["RFC 8725 3.8", "a number as subject", withClaims({ sub: 7 })],
  ["RFC 8725 3.8", "null as subject", withClaims({ sub: null })],
  ["RFC 8725 3.9", "another audience", withClaims({ aud: "other" })],
  ["RFC 8725 3.9", "no audience", without("aud")],
  ["RFC 8725 3.9", "an empty list of audiences", withClaims({ aud: [] })],
  ["RFC 8725 3.9", "the audience as a prefix", withClaims({ aud: "lab.example.com" })],
  ["RFC 8725 3.9", "the audience in an object", withClaims({ aud: { lab: true } })],
  [
    "RFC 8725 3.10",
    "key embedded as jwk",
    token({ alg: "RS256", jwk: stranger.publicKey.export({ format: "jwk" }) }, good, (input) =>
      signRsa(input, stranger.privateKey),
    ),
  ],
  [
    "RFC 8725 3.10",
    "key set named by jku",
    token({ alg: "RS256", jku: "http://127.0.0.1:9/keys" }, good, (input) => signRsa(input, stranger.privateKey)),
  ],
  [
    "RFC 8725 3.10",
    "certificate named by x5u",
    token({ alg: "RS256", x5u: "http://127.0.0.1:9/cert" }, good, (input) => signRsa(input, stranger.privateKey)),
  ],
  ["RFC 7515 4.1.11", "crit with an extension we do not know", token({ ...rs256, crit: ["exp2"], exp2: 1 })],
  ["RFC 7515 4.1.11", "crit empty", token({ ...rs256, crit: [] })],
  ["RFC 7515 4.1.11", "crit not a list", token({ ...rs256, crit: "exp" })],
  ["RFC 7515 4.1.11", "crit naming a registered parameter", token({ ...rs256, crit: ["alg"] })],
  ["RFC 7797", "b64 false, critical", token({ ...rs256, crit: ["b64"], b64: false })],
  ["RFC 7515 2", "base64url with padding", `${headerPart}.${payloadPart}.${signaturePart}==`],
  [
    "RFC 7515 2",
    "the base64 alphabet",
    `${headerPart}.${payloadPart}.${Buffer.from(signaturePart, "base64url").toString("base64").replace(/=+$/, "")}`,
  ],
  ["RFC 4648 3.5", "unused bits set in the signature", `${headerPart}.${payloadPart}.${respelled(signaturePart)}`],
  ...respellings("header", ending(rs256, 1)),
  ...respellings("header", ending(rs256, 2)),
  ...respellings("payload", ending(good, 1)),
  ...respellings("payload", ending(good, 2)),
  ["RFC 7515 2", "claims in the base64 alphabet", inBase64()],
  ["RFC 7515 5.2", "two parts", `${headerPart}.${payloadPart}`],
  ["RFC 7515 5.2", "four parts", `${token(rs256)}.AAAA`],
  ["RFC 7515 5.2", "empty parts", ".."],
  ["RFC 7515 5.2", "header that is not an object", token([rs256])],
  ["RFC 7515 5.2", "header that is not JSON", token("{alg:RS256}")],
  ["RFC 7515 4", "alg twice in the header", token('{"alg":"none","alg":"RS256","kid":"rsa"}')],
  ["RFC 7519 4", "sub twice in the claims", token(rs256, JSON.stringify(good).replace("{", '{"sub":"eve",'))],
  ["RFC 7519 4", "sub twice, once escaped", token(rs256, JSON.stringify(good).replace("{", '{"s\\u0075b":"eve",'))],
  ["RFC 7519 4", "sub twice, the same", twice({}, '"sub":"ada"', '"sub":"ada","sub":"ada"')],
  ["RFC 7519 4", "a member twice in an object", twice({ a: { b: 1 } }, '{"b":1}', '{"b":1,"b":2}')],
  ["RFC 7519 4", "a member twice in a list", twice({ a: [{ b: 1 }] }, '{"b":1}', '{"b":1,"b":2}')],
  ["RFC 7519 4", "a member twice after text", twice({ a: '\\"', b: 1 }, '"b":1', '"b":1,"b":2')],
  ["RFC 7519 4", "a member twice, once null", twice({ a: null }, '"a":null', '"a":{"b":1},"a":null')],
  ["RFC 7519 7.2", "claims that are a list", token(rs256, [good])],
  ["RFC 7519 7.2", "claims that are null", token(rs256, "null")],
  ["RFC 7519 4.1.4", "expired", withClaims({ exp: now - 1 })],
  ["RFC 7519 4.1.4", "no exp", without("exp")],
  ["RFC 7519 4.1.4", "exp as a string", withClaims({ exp: String(now + 600) })],
  ["RFC 7519 4.1.4", "exp null", withClaims({ exp: null })],
  ["RFC 7519 4.1.4", "exp negative", withClaims({ exp: -1 })],
  ["RFC 7519 4.1.4", "exp beyond every number", token(rs256, JSON.stringify(good).replace(String(good.exp), "1e999"))],
  ["RFC 7519 4.1.4", "exp in milliseconds", withClaims({ exp: (now + 600) * 1000 })],
  ["RFC 7519 4.1.5", "not yet valid", withClaims({ nbf: now + 600 })],
  ["RFC 7519 4.1.5", "nbf as a string", withClaims({ nbf: "0" })],
  ["RFC 7519 4.1.6", "iat as a string", withClaims({ iat: "0" })],
  ["claims", "roles of mixed types", withClaims({ roles: [1, "a", null] })],
  ["claims", "roles as an object", withClaims({ roles: { admin: true } })],
  ["claims", "an empty role", withClaims({ roles: [""] })],
  ["claims", "scope as a number", withClaims({ scope: 7 })],
  ["claims", "nested too deeply", token(rs256, `{${JSON.stringify(good).slice(1, -1)},"a":${nested(500)}}`)],
  ["size", "a token of 1 MB", withClaims({ padding: "x".repeat(1_000_000) })],
];

describe.each([
  ["by key set", () => ({ jwksUri: `${jwksUri}/good` })],
  ["by public key", () => ({ publicKey: publicPem })],
] as const)("what is wrong is refused, %s", (_, options) => {
  test.each(attacks)("%s: %s", async (_section, _attack, credential) => {
    const interceptor = protect(options());
    expect(await call(interceptor, token(rs256))).toBe("ok");
    expect(await call(interceptor, credential)).toBe(Code.Unauthenticated);
    // A second time, when something might be remembered.
    expect(await call(interceptor, credential)).toBe(Code.Unauthenticated);
  });
});

describe("key sets", () => {
  test.each([
    ["a path", "../../../dev/null"],
    ["a query", "x' OR '1'='1"],
    ["not a string", { toString: "rsa" }],
    ["empty", ""],
  ])("RFC 8725 3.10: kid that is %s finds nothing", async (_, kid) => {
    const interceptor = protect({ jwksUri: `${jwksUri}/good` });
    expect(await call(interceptor, token({ alg: "RS256", kid }))).toBe(Code.Unauthenticated);
  });

  test.each([
    ["RFC 7517 4.2", "a key for encryption", "/for-encryption"],
    ["RFC 7517 4.3", "a key that may not verify", "/no-verify"],
    ["RFC 7517 4.4", "a key for another algorithm", "/other-alg"],
    ["RFC 7517 4.5", "two keys of one kid", "/ambiguous"],
  ])("%s: %s verifies nothing", async (_section, _attack, path) => {
    expect(await call(protect({ jwksUri: jwksUri + path }), token(rs256))).toBe(Code.Unauthenticated);
  });
});

describe("RFC 8725 3.11 and 3.12: tokens of another kind", () => {
  test.each([
    ["no typ", rs256],
    ["an ID token", { ...rs256, typ: "JWT" }],
    ["another typ", { ...rs256, typ: "logout+jwt" }],
  ])("%s", async (_, header) => {
    expect(await call(protect({ publicKey: publicPem, typ: "at+jwt" }), token(header))).toBe(Code.Unauthenticated);
  });
});

describe("RFC 8725 3.5: secrets that can be guessed are refused at creation", () => {
  test.each([
    ["", /secret/],
    ["secret", /32 bytes/],
    ["x".repeat(31), /32 bytes/],
  ])("%j", (secret, message) => {
    expect(() => protect({ secret })).toThrow(TypeError);
    expect(() => protect({ secret })).toThrow(message);
  });
});
