import * as auth from "@connectum/auth";
import { EchoServicePolicy } from "../gen/bench/v1/echo_auth.js";
import { baseline } from "../support/baseline.js";
import { createReflectiveAuthz, createReflectiveJwt } from "../support/reflective.js";

const expected = { issuer: "https://login.example.com", audience: "bench" };

/** What a server is wired with, from the key that verifies its tokens. */
export const variants = {
  "no access control": () => ({}),
  // What connect asks of anybody who hooks in at both places, before there is anything to do.
  "(b) pass-through": () => ({ interceptors: [passThrough, passThrough], requestGate: async () => {} }),
  connectum: (publicKey) => protect(publicKey, { asyncContext: false }),
  "connectum, AsyncLocalStorage": (publicKey) => protect(publicKey, { asyncContext: true }),
  ...(baseline && { "connectum, baseline": (publicKey) => protect(publicKey, { asyncContext: false }, baseline) }),
  "(c) jose and reflection": (publicKey) => ({
    interceptors: [createReflectiveJwt(publicKey, expected), createReflectiveAuthz()],
  }),
};

function passThrough(next) {
  return (req) => next(req);
}

function protect(publicKey, options, { createAuth, jwt } = auth) {
  return createAuth({ policies: [EchoServicePolicy], authenticate: jwt({ publicKey, ...expected }), ...options });
}
