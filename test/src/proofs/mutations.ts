import { createHash, randomUUID } from "node:crypto";
import fc from "fast-check";
import type { JWK } from "jose";

/** A key pair of WebCrypto, with its algorithm and its public key. */
export interface SigningKey {
  readonly alg: string;
  readonly jwk: JWK;
  readonly privateKey: CryptoKey;
  readonly parameters: { readonly name: string; readonly hash?: string; readonly saltLength?: number };
}

/** The parts of a JWT before it is signed, and what is done to its text afterwards. */
export interface Draft {
  header: Record<string, unknown>;
  claims: Record<string, unknown>;
  key: SigningKey;
  /** Changes the JSON text of the header or the claims before encoding. */
  rewrite: (json: string, part: "header" | "claims") => string;
  /** Changes the finished token. */
  respell: (jwt: string) => string;
}

/** A request with a token and a proof, right in every way until it is mutated. */
export interface Request {
  readonly now: number;
  method: string;
  scheme: string;
  token: Draft;
  proof: Draft;
  /** The digest in the proof, for the token in the request. */
  ath: boolean;
  /** Changes the headers at last. */
  headers: (authorization: string, dpop: string) => Record<string, string>;
}

export interface Mutation {
  readonly name: string;
  readonly apply: (request: Request) => void;
}

export const url = "https://api.example.com/lab.v1.EchoService/Unary";

const json: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom<unknown>(null, true, false, 0, -1, 1e300, "", " ", "x", [], {}, [null], { a: 1 }),
  fc.string(),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
);

const absent = Symbol("absent");
/** JSON has no members that are undefined. */
const change = (members: Record<string, unknown>, name: string, value: unknown) => {
  members[name] = value === absent ? undefined : value;
};

/** Any member of the proof, with values that are near the right one, and values that are not. */
function members(now: number): fc.Arbitrary<Mutation> {
  const times = [0, 1, -1, 4, 6, 59, 61, 299, 301, 3_600, -299, -301].map((offset) => now + offset);
  const pools: Readonly<Record<string, readonly unknown[]>> = {
    htm: ["GET", "post", "POST ", "PUT", ["POST"]],
    htu: [...urls, [url], url.slice(8)],
    ath: ["", "x", `${digest("x")}`],
    iat: [...times, now + 0.5, `${now}`, now * 1_000],
    jti: ["", " ", "a".repeat(300), 1, {}],
    exp: times,
    nbf: times,
    iss: ["x"],
    nonce: ["x"],
    cnf: [{}],
  };
  return fc.constantFrom(...Object.keys(pools)).chain((name) =>
    fc.oneof(fc.constantFrom<unknown>(absent, ...(pools[name] as readonly unknown[])), json).map((value) => ({
      name: `proof.${name}`,
      apply: ({ proof }: Request) => change(proof.claims, name, value),
    })),
  );
}

const digest = (text: string) => createHash("sha256").update(text).digest("base64url");

/** Spellings of the right address, and neighbours of it. */
const urls: readonly string[] = [
  "HTTPS://api.example.com/lab.v1.EchoService/Unary",
  "https://API.example.com/lab.v1.EchoService/Unary",
  "https://api.example.com:443/lab.v1.EchoService/Unary",
  "https://api.example.com:/lab.v1.EchoService/Unary",
  "https://api.example.com:80/lab.v1.EchoService/Unary",
  "http://api.example.com/lab.v1.EchoService/Unary",
  "http://api.example.com:443/lab.v1.EchoService/Unary",
  "https://api.example.com./lab.v1.EchoService/Unary",
  "https://api.example.com/lab.v1.EchoService/Unary/",
  "https://api.example.com//lab.v1.EchoService/Unary",
  "https://api.example.com/lab.v1.EchoService/unary",
  "https://api.example.com/LAB.v1.EchoService/Unary",
  "https://api.example.com/a/../lab.v1.EchoService/Unary",
  "https://api.example.com/./lab.v1.EchoService/Unary",
  "https://api.example.com/%2E/lab.v1.EchoService/Unary",
  "https://api.example.com/lab.v1.EchoService/%55nary",
  "https://api.example.com/lab%2Ev1.EchoService/Unary",
  "https://api.example.com/lab.v1.EchoService%2FUnary",
  "https://api.example.com/lab.v1.EchoService/Unary%00",
  "https://api.example.com/lab.v1.EchoService/Unary?x=1",
  "https://api.example.com/lab.v1.EchoService/Unary#x",
  "https://api.example.com/lab.v1.EchoService/Unary?",
  "https://api.example.com/lab.v1.EchoService/Unary?#",
  "https://api.example.com/lab.v1.EchoService/Unary;a=b",
  "https://u@api.example.com/lab.v1.EchoService/Unary",
  "https://u:p@api.example.com/lab.v1.EchoService/Unary",
  "https://@api.example.com/lab.v1.EchoService/Unary",
  "https:\\\\api.example.com\\lab.v1.EchoService\\Unary",
  "https:/api.example.com/lab.v1.EchoService/Unary",
  "https:api.example.com/lab.v1.EchoService/Unary",
  " https://api.example.com/lab.v1.EchoService/Unary",
  "https://api.example.com/lab.v1.EchoService/Unary ",
  "https://api.exa\tmple.com/lab.v1.EchoService/Unary",
  "https://api.example.com/lab.v1.EchoService/Una\nry",
  "https://ａpi.example.com/lab.v1.EchoService/Unary",
  "https://%61pi.example.com/lab.v1.EchoService/Unary",
  "https://api.example.com.evil.example/lab.v1.EchoService/Unary",
  "https://evil.example/https://api.example.com/lab.v1.EchoService/Unary",
  "//api.example.com/lab.v1.EchoService/Unary",
  "/lab.v1.EchoService/Unary",
  "wss://api.example.com/lab.v1.EchoService/Unary",
];

const spellings: fc.Arbitrary<Mutation> = fc
  .oneof(
    fc.constantFrom(...urls),
    // One character of the address is escaped, dropped, doubled or turned.
    fc
      .tuple(
        fc.nat(url.length - 1),
        fc.constantFrom("escape", "drop", "double", "case", "insert"),
        fc.string({ maxLength: 2 }),
      )
      .map(([at, how, text]) => {
        const character = url.charAt(at);
        const other = {
          escape: `%${character.charCodeAt(0).toString(16)}`,
          drop: "",
          double: character + character,
          case: character === character.toUpperCase() ? character.toLowerCase() : character.toUpperCase(),
          insert: character + text,
        }[how];
        return url.slice(0, at) + other + url.slice(at + 1);
      }),
  )
  .map((htu) => ({ name: "proof.htu spelling", apply: ({ proof }) => change(proof.claims, "htu", htu) }));

const headers: fc.Arbitrary<Mutation> = fc
  .constantFrom<[string, readonly unknown[]]>(
    [
      "typ",
      [
        "DPoP+JWT",
        "application/dpop+jwt",
        "APPLICATION/DPOP+JWT",
        "dpop",
        "JWT",
        "at+jwt",
        " dpop+jwt",
        "dpop+jwt;x=1",
      ],
    ],
    ["alg", ["none", "HS256", "ES256", "ES384", "RS256", "PS256", "EdDSA", "Ed25519", "es256", ""]],
    ["jwk", [[], "x"]],
    ["crit", [[], ["exp"], ["b64"]]],
    ["b64", [true, false]],
    ["kid", ["x"]],
    ["x5c", [[]]],
  )
  .chain(([name, pool]) =>
    fc.oneof(fc.constantFrom<unknown>(absent, ...pool), json).map((value) => ({
      name: `proof header.${name}`,
      apply: ({ proof }: Request) => change(proof.header, name, value),
    })),
  );

const keys = (others: readonly SigningKey[]): fc.Arbitrary<Mutation> =>
  fc.oneof(
    fc
      .constantFrom<[string, readonly unknown[]]>(
        ["kty", ["oct", "RSA", "EC", "OKP", "ec"]],
        ["crv", ["P-256", "P-384", "Ed25519", "X25519", "p-256"]],
        ["x", ["", "AA"]],
        ["y", ["", "AA"]],
        ["n", ["AQ", "AA"]],
        ["e", ["AQ", "Aw", "AQAB"]],
        ["d", ["AA"]],
        ["p", ["AA"]],
        ["k", ["AA"]],
        ["oth", [[]]],
        ["use", ["sig", "enc", "SIG"]],
        ["key_ops", [["verify"], ["sign"], [], ["verify", "verify"], ["sign", "verify"]]],
        ["alg", ["ES256", "PS256", "EdDSA", "Ed25519", "RS256"]],
        ["ext", [true, false]],
        ["kid", ["x"]],
        ["toString", ["x"]],
      )
      .chain(([name, pool]) =>
        fc.oneof(fc.constantFrom<unknown>(absent, ...pool), json).map((value) => ({
          name: `proof jwk.${name}`,
          apply: ({ proof }: Request) => {
            const jwk = proof.header["jwk"];
            if (typeof jwk !== "object" || jwk === null) return;
            proof.header["jwk"] = { ...jwk };
            change(proof.header["jwk"] as Record<string, unknown>, name, value);
          },
        })),
      ),
    fc.constantFrom(...others).chain((other) =>
      fc.constantFrom<Mutation>(
        {
          name: "another key signs",
          apply: ({ proof }) => {
            proof.key = other;
          },
        },
        {
          name: "another key is named",
          apply: ({ proof }) => {
            proof.header["jwk"] = other.jwk;
          },
        },
        {
          name: "another key signs and is named",
          apply: ({ proof }) => {
            proof.key = other;
            Object.assign(proof.header, { jwk: other.jwk, alg: other.alg });
          },
        },
      ),
    ),
  );

/** Spellings of a finished JWT. */
type Spelling = readonly [string, (jwt: string) => string];
const encodings: fc.Arbitrary<Spelling> = fc.oneof<fc.Arbitrary<Spelling>[]>(
  fc.constantFrom<readonly [string, (jwt: string) => string]>(
    [
      "padding",
      (jwt) =>
        jwt
          .split(".")
          .map((part) => part + "=".repeat((4 - (part.length % 4)) % 4))
          .join("."),
    ],
    ["one equals sign", (jwt) => `${jwt}=`],
    ["base64", (jwt) => jwt.replaceAll("-", "+").replaceAll("_", "/")],
    ["an empty fourth part", (jwt) => `${jwt}.`],
    ["a fourth and fifth part", (jwt) => `${jwt}.x.y`],
    ["no signature", (jwt) => jwt.slice(0, jwt.lastIndexOf(".") + 1)],
    ["two parts", (jwt) => jwt.slice(0, jwt.lastIndexOf("."))],
    ["a space inside", (jwt) => `${jwt.slice(0, 20)} ${jwt.slice(20)}`],
    ["a comma at the end", (jwt) => `${jwt},`],
    ["twice", (jwt) => `${jwt}, ${jwt}`],
    ["empty", () => ""],
    [
      "spare bits",
      (jwt) =>
        jwt.slice(0, -1) +
        (/[AQgw]$/.test(jwt) ? String.fromCharCode(jwt.charCodeAt(jwt.length - 1) + 1) : jwt.slice(-1)),
    ],
    ["a quoted string", (jwt) => `"${jwt}"`],
  ),
  fc.tuple(fc.nat(2_000), fc.constantFrom(..."AZaz09-_")).map(([at, letter]) => [
    "one character",
    (jwt: string) => {
      const index = at % Math.max(1, jwt.length);
      return jwt.charAt(index) === "." ? jwt : jwt.slice(0, index) + letter + jwt.slice(index + 1);
    },
  ]),
);

/** Spellings of the JSON inside. */
const texts: fc.Arbitrary<readonly [string, Draft["rewrite"]]> = fc
  .tuple(
    fc.constantFrom("header" as const, "claims" as const),
    fc.constantFrom<readonly [string, (json: string) => string]>(
      ["white space", (text) => text.replace("{", " { ").replaceAll(",", ",\n")],
      ["a member twice", (text) => text.replace(/^\{("\w+":)/, "{$1null,$1")],
      ["a byte order mark", (text) => `\ufeff${text}`],
      ["an escaped name", (text) => text.replace('"t', '"\\u0074').replace('"h', '"\\u0068')],
      ["a trailing comma", (text) => text.replace(/\}$/, ",}")],
      ["text behind", (text) => `${text}x`],
      ["a list", (text) => `[${text}]`],
      ["a text", (text) => JSON.stringify(text)],
      ["null", () => "null"],
      ["nothing", () => ""],
      ["half", (text) => text.slice(0, text.length / 2)],
      ["__proto__", (text) => text.replace(/^\{/, '{"__proto__":{"a":1},')],
    ),
  )
  .map(([part, [name, write]]) => [`${part}: ${name}`, (text, of) => (of === part ? write(text) : text)]);

const tokens = (now: number): fc.Arbitrary<Mutation> =>
  fc.oneof(
    fc
      .constantFrom<[string, readonly unknown[]]>(
        ["cnf", [{}, { jkt: "x" }, { jkt: 1 }, { jkt: digest("x") }, { jwk: {} }, { "x5t#S256": digest("x") }]],
        ["exp", [now - 1, now + 1_000, `${now + 1_000}`]],
        ["nbf", [now - 10, now + 1_000]],
        ["aud", ["other", ["lab"], ["other", "lab"], []]],
        ["iss", ["https://other.example.com", "https://login.example.com/"]],
        ["sub", ["", "eve", 1]],
        ["jti", ["", 1]],
        ["client_id", ["", 1]],
        ["iat", [now - 10, `${now}`]],
      )
      .chain(([name, pool]) =>
        fc.oneof(fc.constantFrom<unknown>(absent, ...pool), json).map((value) => ({
          name: `token.${name}`,
          apply: ({ token }: Request) => change(token.claims, name, value),
        })),
      ),
    fc.constantFrom<unknown>("at+jwt", "AT+JWT", "application/at+jwt", "JWT", "dpop+jwt", absent).map((value) => ({
      name: "token header.typ",
      apply: ({ token }: Request) => change(token.header, "typ", value),
    })),
    encodings.map(([name, respell]) => ({
      name: `token encoding, ${name}`,
      apply: ({ token }: Request) => {
        token.respell = respell;
      },
    })),
    texts.map(([name, rewrite]) => ({
      name: `token text, ${name}`,
      apply: ({ token }: Request) => {
        token.rewrite = rewrite;
      },
    })),
  );

const requests: fc.Arbitrary<Mutation> = fc.oneof(
  fc.constantFrom("Bearer", "bearer", "dpop", "DPOP", "Basic", "").map((scheme) => ({
    name: "scheme",
    apply: (request: Request) => {
      request.scheme = scheme;
    },
  })),
  fc.constantFrom("GET", "PUT", "get").map((method) => ({
    name: "method",
    apply: (request: Request) => {
      request.method = method;
    },
  })),
  fc.constantFrom<Mutation>(
    {
      name: "GET, and a proof for it",
      apply: (request: Request) => {
        request.method = "GET";
        request.proof.claims["htm"] = "GET";
      },
    },
    {
      name: "no proof",
      apply: (request: Request) => {
        request.headers = (authorization) => ({ authorization });
      },
    },
    {
      name: "no token",
      apply: (request: Request) => {
        request.headers = (_, dpop) => ({ dpop });
      },
    },
    {
      name: "two spaces",
      apply: (request: Request) => {
        request.headers = (authorization, dpop) => ({ authorization: authorization.replace(" ", "  "), dpop });
      },
    },
    {
      name: "two credentials",
      apply: (request: Request) => {
        request.headers = (authorization, dpop) => ({
          authorization: `${authorization}, ${authorization}`,
          dpop,
        });
      },
    },
    {
      name: "the digest of another token",
      apply: (request: Request) => {
        request.ath = false;
      },
    },
  ),
);

/** One or two mutations of anything. None at all is the right request. */
export function mutations(now: number, others: readonly SigningKey[]): fc.Arbitrary<readonly Mutation[]> {
  const one = fc.oneof(
    { weight: 5, arbitrary: members(now) },
    { weight: 4, arbitrary: spellings },
    { weight: 3, arbitrary: headers },
    { weight: 4, arbitrary: keys(others) },
    {
      weight: 3,
      arbitrary: encodings.map(
        ([name, respell]): Mutation => ({
          name: `proof encoding, ${name}`,
          apply: ({ proof }) => {
            proof.respell = respell;
          },
        }),
      ),
    },
    {
      weight: 3,
      arbitrary: texts.map(
        ([name, rewrite]): Mutation => ({
          name: `proof text, ${name}`,
          apply: ({ proof }) => {
            proof.rewrite = rewrite;
          },
        }),
      ),
    },
    { weight: 4, arbitrary: tokens(now) },
    { weight: 2, arbitrary: requests },
  );
  return fc.array(one, { minLength: 0, maxLength: 2 });
}

/** A request that is right in every way. */
export function rightRequest(now: number, client: SigningKey, thumbprint: string, issuer: SigningKey): Request {
  const same = (text: string) => text;
  return {
    now,
    method: "POST",
    scheme: "DPoP",
    ath: true,
    token: {
      header: { alg: issuer.alg, typ: "at+jwt", kid: "issuer" },
      claims: {
        iss: "https://login.example.com",
        aud: "lab",
        sub: "ada",
        client_id: "web",
        iat: now,
        exp: now + 600,
        jti: randomUUID(),
        cnf: { jkt: thumbprint },
      },
      key: issuer,
      rewrite: same,
      respell: same,
    },
    proof: {
      header: { alg: client.alg, typ: "dpop+jwt", jwk: client.jwk },
      claims: { htm: "POST", htu: url, iat: now, jti: randomUUID() },
      key: client,
      rewrite: same,
      respell: same,
    },
    headers: (authorization, dpop) => ({ authorization, dpop }),
  };
}

/** Signs and spells a draft. */
export async function write({ header, claims, key, rewrite, respell }: Draft): Promise<string> {
  const parts = [rewrite(JSON.stringify(header), "header"), rewrite(JSON.stringify(claims), "claims")];
  const input = parts.map((part) => Buffer.from(part).toString("base64url")).join(".");
  const signature = await crypto.subtle.sign(key.parameters, key.privateKey, Buffer.from(input));
  return respell(`${input}.${Buffer.from(signature).toString("base64url")}`);
}

/** The headers of a request. */
export async function writeRequest(request: Request): Promise<Record<string, string>> {
  const token = await write(request.token);
  if (!("ath" in request.proof.claims)) request.proof.claims["ath"] = digest(request.ath ? token : `${token}x`);
  return request.headers(`${request.scheme} ${token}`.trim(), await write(request.proof));
}
