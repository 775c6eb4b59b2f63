import { createJwtAuthInterceptor } from "@connectum/auth";
import { certificateBound, dpop, type JwtOptions } from "@connectum/auth/jwt";
import { createTestJwt } from "@connectum/auth/testing";
import { beforeAll, describe, expect, test } from "vitest";
import { ok, refused, tryIt } from "../support/call.js";
import { refusalOf } from "../support/verification.js";
import { type BoundClient, createBoundClient, hashOf, issuer, provenHeaders, unaryAt } from "./bound-tokens.js";

const baseUrl = "https://api.example.com";
const algs = 'algs="ES256 PS256 EdDSA Ed25519"';
let ada: BoundClient;
let eve: BoundClient;
let token: string;
beforeAll(async () => {
  ada = await createBoundClient();
  eve = await createBoundClient();
  token = await ada.token();
});

type Options = Partial<Parameters<typeof dpop>[0]>;
const create = (options: Options = {}, more: object = {}) =>
  createJwtAuthInterceptor({ ...issuer, proofs: [dpop({ baseUrl, ...options })], ...more } as JwtOptions);
const right = () => ({ htm: "POST", htu: unaryAt(baseUrl), ath: hashOf(token) });
const present = (proof: string, of = token) => ({ authorization: `DPoP ${of}`, dpop: proof });
const now = () => Math.floor(Date.now() / 1000);

/** Each change of a proof, and the problem that the server's log names. */
const mistakes: Readonly<Record<string, readonly [claims: () => object, header: () => object, problem: RegExp]>> = {
  "another HTTP method": [() => ({ htm: "GET" }), () => ({}), /htm/],
  "a method in lower case": [() => ({ htm: "post" }), () => ({}), /htm/],
  "no method": [() => ({ htm: undefined }), () => ({}), /htm/],
  "another RPC": [() => ({ htu: `${baseUrl}/lab.v1.EchoService/Nested` }), () => ({}), /htu/],
  "another host": [() => ({ htu: unaryAt("https://evil.example.com") }), () => ({}), /htu/],
  "another port": [() => ({ htu: unaryAt("https://api.example.com:8443") }), () => ({}), /htu/],
  "another scheme": [() => ({ htu: unaryAt("http://api.example.com") }), () => ({}), /htu/],
  "another path prefix": [() => ({ htu: unaryAt(`${baseUrl}/v2`) }), () => ({}), /htu/],
  "a path in another case": [() => ({ htu: unaryAt(baseUrl).toLowerCase() }), () => ({}), /htu/],
  "a user in the address": [() => ({ htu: unaryAt("https://eve@api.example.com") }), () => ({}), /htu/],
  "a relative address": [() => ({ htu: "/lab.v1.EchoService/Unary" }), () => ({}), /htu/],
  backslashes: [() => ({ htu: unaryAt("https:\\\\api.example.com") }), () => ({}), /htu/],
  "an address that is a list": [() => ({ htu: [unaryAt(baseUrl)] }), () => ({}), /htu/],
  "no address": [() => ({ htu: undefined }), () => ({}), /htu/],
  "the digest of another token": [() => ({ ath: hashOf("x") }), () => ({}), /ath/],
  "a padded digest": [() => ({ ath: `${hashOf(token)}=` }), () => ({}), /ath/],
  "no digest": [() => ({ ath: undefined }), () => ({}), /ath/],
  "too old": [() => ({ iat: now() - 62 }), () => ({}), /iat/],
  "from the future": [() => ({ iat: now() + 60 }), () => ({}), /iat/],
  milliseconds: [() => ({ iat: Date.now() }), () => ({}), /iat/],
  "no time": [() => ({ iat: undefined }), () => ({}), /iat/],
  "no identifier": [() => ({ jti: undefined }), () => ({}), /jti/],
  "an empty identifier": [() => ({ jti: "" }), () => ({}), /jti/],
  "a number as identifier": [() => ({ jti: 1 }), () => ({}), /jti/],
  "expired by its own claim": [() => ({ exp: now() - 10 }), () => ({}), /invalid/],
  "not yet valid by its own claim": [() => ({ nbf: now() + 100 }), () => ({}), /invalid/],
  "another type": [() => ({}), () => ({ typ: "JWT" }), /invalid/],
  "no type": [() => ({}), () => ({ typ: undefined }), /invalid/],
  "no key": [() => ({}), () => ({ jwk: undefined }), /jwk/],
  "a key that is a list": [() => ({}), () => ({ jwk: [ada.jwk] }), /jwk/],
  "a private key": [() => ({}), () => ({ jwk: { ...ada.jwk, d: "AA" } }), /private/],
  "a secret key": [() => ({}), () => ({ jwk: { kty: "oct", k: "AA" } }), /private or secret/],
  "a key for encryption": [() => ({}), () => ({ jwk: { ...ada.jwk, use: "enc" } }), /use/],
  "a key for another algorithm": [() => ({}), () => ({ jwk: { ...ada.jwk, alg: "ES384" } }), /alg/],
  "a header extension": [() => ({}), () => ({ crit: ["b64"], b64: true }), /invalid/],
};

describe("a DPoP proof", () => {
  test.each(Object.entries(mistakes))("with %s is refused, and the right one is accepted", async (_, mistake) => {
    const [claims, header, problem] = mistake;
    const interceptor = create();
    const proof = await ada.proof({ ...right(), ...claims() }, header());
    const cause = await refusalOf(interceptor, present(proof));
    expect(cause).toMatchObject({ name: "InvalidCredentialError", reason: "proof" });
    expect((cause as Error).message).toMatch(problem);
    const answer = { ...refused(), challenge: `DPoP error="invalid_dpop_proof", ${algs}` };
    expect(await tryIt(interceptor, present(proof))).toEqual(answer);
    expect(await tryIt(interceptor, present(await ada.proof(right())))).toEqual(ok());
  });

  test("by another key is refused, whosever jwk it names", async () => {
    const interceptor = create();
    const stolen = present(await eve.proof(right()));
    expect(await refusalOf(interceptor, stolen)).toMatchObject({ message: "the token is bound to another key" });
    expect(await tryIt(interceptor, stolen)).toEqual({
      ...refused(),
      challenge: `DPoP error="invalid_token", ${algs}`,
    });
    const forged = present(await eve.proof(right(), { jwk: ada.jwk }));
    expect(await tryIt(interceptor, forged)).toMatchObject(refused());
    const own = await eve.token();
    expect(await tryIt(interceptor, await provenHeaders(eve, { baseUrl, token: own }))).toEqual(ok());
  });

  test("is accepted in every spelling of its address that means the same", async () => {
    const interceptor = create({ baseUrl: "https://API.example.com:443/v1/../" });
    for (const htu of [
      "https://api.example.com/lab.v1.EchoService/Unary",
      "HTTPS://API.EXAMPLE.COM/lab.v1.EchoService/Unary",
      "https://api.example.com:443/lab.v1.EchoService/Unary",
      "https://api.example.com/x/../lab.v1.EchoService/Unary",
      "https://api.example.com/lab.v1.EchoService/%55nary",
      "https://api.example.com/%2e/lab.v1.EchoService/Unary",
      "https://api.example.com/lab.v1.EchoService/Unary?q=/other#part",
    ]) {
      expect(await tryIt(interceptor, present(await ada.proof({ ...right(), htu }))), htu).toEqual(ok());
    }
  });

  test("is for any of the addresses of the API, with their path prefixes", async () => {
    const interceptor = create({ baseUrl: ["https://api.example.com/v1", "http://127.0.0.1:8080"] });
    for (const [address, want] of [
      ["https://api.example.com/v1", "ok"],
      ["http://127.0.0.1:8080", "ok"],
      ["https://api.example.com", "Unauthenticated"],
      ["http://127.0.0.1:8080/v1", "Unauthenticated"],
    ] as const) {
      const headers = await provenHeaders(ada, { baseUrl: address, token });
      expect(await tryIt(interceptor, headers), address).toMatchObject({ code: want });
    }
  });

  test("counts within its window alone", async () => {
    for (const [offset, want] of [
      [-61, "Unauthenticated"],
      [-55, "ok"],
      [3, "ok"],
      [8, "Unauthenticated"],
    ] as const) {
      const proof = await ada.proof({ ...right(), iat: now() + offset, nbf: now() + offset });
      expect(await tryIt(create(), present(proof)), `${offset}`).toMatchObject({ code: want });
    }
    const proof = await ada.proof({ ...right(), iat: now() - 61 });
    expect(await tryIt(create({ maxAge: 100 }), present(proof))).toEqual(ok());
  });

  test.each(["ES256", "PS256", "EdDSA", "Ed25519"])("by %s is accepted by default", async (algorithm) => {
    const client = await createBoundClient(algorithm);
    const headers = await provenHeaders(client, { baseUrl, token: await client.token() });
    expect(await tryIt(create(), headers)).toEqual(ok());
  });

  test.each(["RS256", "ES384", "ES512"])("by %s is accepted only if the server says so", async (algorithm) => {
    const client = await createBoundClient(algorithm);
    const headers = await provenHeaders(client, { baseUrl, token: await client.token() });
    expect(await tryIt(create(), headers)).toMatchObject(refused());
    expect(await tryIt(create({ algorithms: [algorithm] }), headers)).toEqual(ok());
    expect(await tryIt(create({ algorithms: [algorithm] }), present(await ada.proof(right())))).toMatchObject(
      refused(),
    );
  });

  test("that is malformed, too long or there twice is refused", async () => {
    const interceptor = create();
    const proof = await ada.proof(right());
    const [head = "", body = "", signature = ""] = proof.split(".");
    for (const wrong of [
      "",
      "x",
      `${proof}, ${await ada.proof(right())}`,
      `${proof},`,
      `${proof}.`,
      `${proof}=`,
      `${head}.${body}`,
      `${head}.${body}.`,
      `${head}.${body}.${"A".repeat(signature.length)}`,
      `${Buffer.from(`\ufeff${Buffer.from(head, "base64url")}`).toString("base64url")}.${body}.${signature}`,
      await ada.proof({ ...right(), pad: "x".repeat(8_192) }),
    ]) {
      expect(await tryIt(interceptor, present(wrong)), wrong.slice(0, 40)).toMatchObject(refused());
    }
    expect(await tryIt(interceptor, { authorization: `DPoP ${token}` })).toMatchObject(refused());
    expect(await tryIt(interceptor, present(proof))).toEqual(ok());
  });

  test("with a member twice is refused: parsers disagree about it", async () => {
    const header = JSON.stringify({ alg: "ES256", typ: "dpop+jwt", jwk: ada.jwk });
    const sign = async (claims: string) => {
      const input = [header, claims].map((part) => Buffer.from(part).toString("base64url")).join(".");
      const bytes = await crypto.subtle.sign({ name: "ECDSA", hash: "SHA-256" }, ada.privateKey, Buffer.from(input));
      return `${input}.${Buffer.from(bytes).toString("base64url")}`;
    };
    const claims = JSON.stringify({ ...right(), iat: now(), jti: "one" });
    const twice = claims.replace('"htm":"POST"', '"htm":"GET","htm":"POST"');
    expect(await tryIt(create(), present(await sign(twice)))).toMatchObject(refused());
    expect(await tryIt(create(), present(await sign(claims)))).toEqual(ok());
  });
});

describe("a token that is bound to a key", () => {
  test("is accepted as DPoP alone, never as Bearer", async () => {
    const interceptor = create({}, { allowUnboundTokens: true });
    const { dpop: proof = "" } = await provenHeaders(ada, { baseUrl, token });
    for (const scheme of ["Bearer", "bearer"]) {
      const headers = { authorization: `${scheme} ${token}`, dpop: proof };
      expect(await refusalOf(interceptor, headers)).toMatchObject({ reason: "bound" });
      expect(await tryIt(interceptor, headers)).toEqual({
        ...refused(),
        challenge: `Bearer error="invalid_token", DPoP error="invalid_token", ${algs}`,
      });
    }
    for (const scheme of ["DPoP", "dpop", "DPOP"]) {
      const { dpop: fresh = "" } = await provenHeaders(ada, { baseUrl, token });
      expect(await tryIt(interceptor, { authorization: `${scheme} ${token}`, dpop: fresh })).toEqual(ok());
    }
  });

  test("is refused beside another credential in the same header", async () => {
    const interceptor = create({}, { allowUnboundTokens: true });
    const { dpop: proof = "" } = await provenHeaders(ada, { baseUrl, token });
    for (const authorization of [
      `DPoP ${token}, Bearer ${token}`,
      `Bearer ${token}, DPoP ${token}`,
      `DPoP ${token}, DPoP ${token}`,
      `DPoP ${token} ${token}`,
      `Basic eDp5, DPoP ${token}`,
      "DPoP",
      "DPoP ",
    ]) {
      expect(await tryIt(interceptor, { authorization, dpop: proof }), authorization).toMatchObject(refused());
    }
    expect(await tryIt(interceptor, { authorization: `DPoP ${token}`, dpop: proof })).toEqual(ok());
  });

  test.each<[string, unknown]>([
    ["an unknown member alone", { jwk: {} }],
    ["a member whose proof is not configured", { "x5t#S256": "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I" }],
    ["a malformed thumbprint", { jkt: "x" }],
    ["a thumbprint that is a list", { jkt: ["0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"] }],
    ["nothing", {}],
    ["null", null],
    ["a text", "x"],
    ["a list", []],
  ])("by %s is refused", async (_, cnf) => {
    const other = await ada.token({ cnf });
    const headers = await provenHeaders(ada, { baseUrl, token: other });
    for (const interceptor of [create(), create({}, { allowUnboundTokens: true })]) {
      expect(await refusalOf(interceptor, headers)).toMatchObject({ reason: "bound", final: true });
    }
  });

  test("by a second known member needs both proofs; an unknown member beside is ignored", async () => {
    const certificate = "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I";
    const both = await ada.token({ cnf: { jkt: ada.thumbprint, "x5t#S256": certificate } });
    expect(await refusalOf(create(), await provenHeaders(ada, { baseUrl, token: both }))).toMatchObject({
      reason: "bound",
    });
    const unknown = await ada.token({ cnf: { jkt: ada.thumbprint, kid: "a" } });
    expect(await tryIt(create(), await provenHeaders(ada, { baseUrl, token: unknown }))).toEqual(ok());
  });
});

describe("a token that is bound to nothing", () => {
  const plain = () => createTestJwt({ sub: "ada", iss: issuer.issuer, aud: "lab" });

  test("is refused by default, and accepted as Bearer where an option says so", async () => {
    const headers = { authorization: `Bearer ${await plain()}` };
    expect(await refusalOf(create(), headers)).toMatchObject({ reason: "claim", final: true });
    expect(await tryIt(create(), headers)).toMatchObject(refused());
    expect(await tryIt(create({}, { allowUnboundTokens: true }), headers)).toEqual(ok());
  });

  test("is refused as DPoP in any case", async () => {
    const unbound = await plain();
    const headers = await provenHeaders(ada, { baseUrl, token: unbound });
    for (const allowUnboundTokens of [true, false]) {
      expect(await tryIt(create({}, { allowUnboundTokens }), headers)).toMatchObject(refused());
    }
    const others = createJwtAuthInterceptor({
      issuers: [
        { ...issuer, issuer: "https://other.example.com", proofs: [dpop({ baseUrl })] },
        { ...issuer, issuer: issuer.issuer },
      ],
    });
    expect(await tryIt(others, headers)).toMatchObject(refused());
    expect(await tryIt(others, { authorization: `Bearer ${unbound}` })).toEqual(ok());
  });
});

describe("of several issuers", () => {
  test("each demands the proofs of its own tokens", async () => {
    const proof = dpop({ baseUrl });
    const other = "https://other.example.com";
    const interceptor = createJwtAuthInterceptor({
      issuers: [
        { ...issuer, proofs: [proof] },
        { ...issuer, issuer: other, proofs: [proof], allowUnboundTokens: true },
      ],
    });
    expect(await tryIt(interceptor)).toMatchObject({ challenge: `Bearer, DPoP ${algs}` });
    const unbound = (iss: string) => createTestJwt({ sub: "ada", aud: "lab", iss });
    expect(await tryIt(interceptor, { authorization: `Bearer ${await unbound(issuer.issuer)}` })).toMatchObject(
      refused(),
    );
    expect(await tryIt(interceptor, { authorization: `Bearer ${await unbound(other)}` })).toEqual(ok());
    for (const iss of [issuer.issuer, other]) {
      const bound = await ada.token({ iss });
      expect(await tryIt(interceptor, { authorization: `Bearer ${bound}` })).toMatchObject(refused());
      expect(await tryIt(interceptor, await provenHeaders(ada, { baseUrl, token: bound }))).toEqual(ok());
    }
  });
});

describe("misconfiguration", () => {
  test.each<[string, () => unknown, RegExp]>([
    ["no baseUrl", () => dpop({} as never), /^dpop.baseUrl: expected/],
    ["an unset baseUrl", () => dpop({ baseUrl: undefined }), /^dpop.baseUrl: .*environment variable/],
    ["no address", () => dpop({ baseUrl: "api.example.com" }), /^dpop.baseUrl: "api.example.com" is not an address/],
    ["a query", () => dpop({ baseUrl: "https://api.example.com?x" }), /^dpop.baseUrl: .* query or a fragment/],
    ["a user", () => dpop({ baseUrl: "https://a@api.example.com" }), /^dpop.baseUrl: .* is not an address/],
    ["no algorithm", () => dpop({ baseUrl, algorithms: [] }), /^dpop.algorithms: expected/],
    ["a secret's algorithm", () => dpop({ baseUrl, algorithms: ["HS256"] }), /^dpop.algorithms: expected/],
    ["no algorithm at all", () => dpop({ baseUrl, algorithms: ["none"] }), /^dpop.algorithms: expected/],
    ["an age of 0", () => dpop({ baseUrl, maxAge: 0 }), /^dpop.maxAge: expected/],
    ["a store without methods", () => dpop({ baseUrl, store: {} as never }), /^dpop.store: expected/],
    ["an unset store", () => dpop({ baseUrl, store: undefined as never }), /^dpop.store: expected/],
    ["no store to fail", () => dpop({ baseUrl, storeFailure: "local" }), /^dpop.storeFailure: has no effect/],
    ["a word", () => dpop({ baseUrl, store: new Map() as never, storeFailure: "open" as never }), /^dpop.storeFailure/],
    [
      "a short secret",
      () => dpop({ baseUrl, nonce: { secret: "short" } }),
      /^dpop.nonce.secret: .* 32 characters, got 5/,
    ],
    ["an unset secret", () => dpop({ baseUrl, nonce: { secret: undefined } }), /^dpop.nonce.secret: .*environment/],
    ["an unknown option", () => dpop({ baseUrl, origin: "x" } as never), /^origin: unknown option of dpop/],
    ["no proofs", () => create({}, { proofs: [] }), /^proofs: expected a list of proofs/],
    ["unset proofs", () => create({}, { proofs: undefined }), /^proofs: expected a list of proofs/],
    ["a function", () => create({}, { proofs: [dpop] }), /^proofs: expected a list of proofs/],
    ["two of one kind", () => create({}, { proofs: [dpop({ baseUrl }), dpop({ baseUrl })] }), /^proofs: two .* jkt/],
    ["both ways", () => create({}, { allowBoundTokens: true }), /^allowBoundTokens: .* keep one/],
    [
      "unbound tokens without proofs",
      () => createJwtAuthInterceptor({ ...issuer, allowUnboundTokens: true }),
      /^allowUnboundTokens: has no effect without proofs/,
    ],
  ])("%s is a TypeError", (_, make, message) => {
    expect(make).toThrow(TypeError);
    expect(make).toThrow(message);
    expect(() => create({}, { proofs: [dpop({ baseUrl }), certificateBound()] })).not.toThrow();
  });
});
