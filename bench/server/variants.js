import { createAuth, jwt } from "@connectum/auth";
import { EchoServicePolicy } from "../gen/bench/v1/echo_auth.js";

/** What a server is wired with, from the key that verifies its tokens. */
export const variants = {
  "no access control": () => ({}),
  connectum: (publicKey) => protect(publicKey, { asyncContext: false }),
  "connectum, AsyncLocalStorage": (publicKey) => protect(publicKey, { asyncContext: true }),
};

function protect(publicKey, options) {
  return createAuth({
    policies: [EchoServicePolicy],
    authenticate: jwt({ publicKey, issuer: "https://login.example.com", audience: "bench" }),
    ...options,
  });
}
