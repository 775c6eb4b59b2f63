// Calls through chains of interceptors by a caller with a token, as the benches of the chain make them.
import { generateKeyPairSync } from "node:crypto";
import { createContextValues } from "@connectrpc/connect";
import * as auth from "@connectum/auth";
import { createDpopKeyPair, createDpopProof } from "@connectum/auth/client";
import { dpop } from "@connectum/auth/jwt";
import { calculateJwkThumbprint, EmbeddedJWK, exportJWK, jwtVerify, SignJWT } from "jose";
import { requestOf } from "../support/calls.js";
import { createReflectiveAuthz, createReflectiveJwt } from "../support/reflective.js";
import { createSchema } from "../support/schema.js";

/** Key pairs by algorithm. */
const pairs = {
  RS256: generateKeyPairSync("rsa", { modulusLength: 2048 }),
  PS256: generateKeyPairSync("rsa", { modulusLength: 2048 }),
  ES256: generateKeyPairSync("ec", { namedCurve: "P-256" }),
  EdDSA: generateKeyPairSync("ed25519"),
};
export const algorithms = Object.keys(pairs);
const { publicKey } = pairs.RS256;
const expectedOf = (alg) => ({ issuer: "https://login.example.com", audience: "bench", algorithms: [alg] });
const expected = expectedOf("RS256");
export const sign = (id, claims = {}, alg = "RS256") =>
  new SignJWT({ sub: "ada", roles: ["admin"], jti: String(id), ...claims })
    .setProtectedHeader({ alg })
    .setIssuer(expected.issuer)
    .setAudience(expected.audience)
    .setExpirationTime("1h")
    .sign(pairs[alg].privateKey);

const schema = createSchema(1, 10);
const [name] = Object.entries(schema.policies[0].methods).find(
  ([, { roles = [], scopes = [] }]) => roles.length === 1 && scopes.length === 0,
);
const method = schema.services[0].methods.find((candidate) => candidate.name === name);
const response = Object.freeze({ stream: false, message: {} });
const chain = (interceptors) =>
  interceptors.reduceRight(
    (next, interceptor) => interceptor(next),
    async () => response,
  );
export const passThrough = (next) => async (req) => await next(req);
/** @param {typeof auth} build - the build of the runtime that is measured. */
export const ours = ({ createAuth, jwt } = auth, alg = "RS256") =>
  createAuth({
    policies: schema.policies,
    authenticate: jwt({ publicKey: pairs[alg].publicKey, ...expectedOf(alg) }),
    asyncContext: false,
  }).interceptors;
/** jose, and nothing else. */
export const joseAlone = (alg) => {
  const [{ publicKey }, expected] = [pairs[alg], expectedOf(alg)];
  return (next) => async (req) => {
    await jwtVerify(req.header.get("authorization").slice(7), publicKey, expected).catch(() => {});
    return next(req);
  };
};

/**
 * So many calls, each with headers of its own as a server would have them.
 *
 * @param {{ refused?: boolean, proofOf?: () => string, turns?: boolean }} [options] - `turns`: each call begins in a turn of the
 *   event loop of its own, as one that comes over a socket does.
 */
export function calls(interceptors, tokenOf, { refused = false, proofOf, turns = false } = {}) {
  const call = chain(interceptors);
  return async (count) => {
    for (let i = 0; i < count; i++) {
      if (turns) await new Promise((resolve) => setImmediate(resolve));
      const header = new Headers({
        "content-type": "application/proto",
        "user-agent": "bench",
        "accept-encoding": "gzip",
        "connect-protocol-version": "1",
        authorization: `${proofOf === undefined ? "Bearer" : "DPoP"} ${tokenOf(i)}`,
        ...(proofOf !== undefined && { dpop: proofOf() }),
      });
      const req = requestOf(method, header, createContextValues());
      const outcome = await call(req).then(
        () => "ok",
        () => "refused",
      );
      if ((outcome === "refused") !== refused) throw new Error(`a call that was ${outcome}`);
    }
  };
}

const keyPair = await createDpopKeyPair();
const jkt = await calculateJwkThumbprint(await exportJWK(keyPair.publicKey));
const baseUrl = "https://api.example.com";
const url = `${baseUrl}/${method.parent.typeName}/${method.name}`;
/** A token that is bound to a key, for calls with a proof each. */
export const boundToken = await sign(0, { cnf: { jkt } });
/** So many proofs for calls with the bound token. */
export const proofs = (count) =>
  Promise.all(
    Array.from({ length: count }, () => createDpopProof(keyPair, { method: "POST", url, token: boundToken })),
  );
export const oursWithProofs = () =>
  auth.createAuth({
    policies: schema.policies,
    authenticate: auth.jwt({ publicKey, ...expected, proofs: [dpop({ baseUrl, maxAge: 3_600 })] }),
    asyncContext: false,
  }).interceptors;
/** The proof verified by jose as its documentation says, and nothing else: not the claims, not the replay. */
export const joseProof = (next) => async (req) => {
  const { protectedHeader } = await jwtVerify(req.header.get("dpop"), EmbeddedJWK, { typ: "dpop+jwt" });
  if ((await calculateJwkThumbprint(protectedHeader.jwk)) !== jkt) throw new Error("another key");
  return next(req);
};

export const reflective = () => [createReflectiveJwt(publicKey, expected), createReflectiveAuthz()];
