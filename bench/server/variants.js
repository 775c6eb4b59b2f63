import { createAuth, jwt } from "@connectum/auth";
import { EchoServicePolicy } from "../gen/bench/v1/echo_auth.js";

/** What a server is wired with, from the key that verifies its tokens. */
export const variants = {
  "no access control": () => ({}),
  "pass-through": () => ({ interceptors: [(next) => async (req) => await next(req)] }),
  connectum(publicKey) {
    const auth = createAuth({
      policies: [EchoServicePolicy],
      authenticate: jwt({ publicKey, issuer: "https://login.example.com", audience: "bench" }),
    });
    return { interceptors: [...auth.interceptors], requestGate: auth.requestGate };
  },
  "connectum, interceptors alone"(publicKey) {
    return { interceptors: variants.connectum(publicKey).interceptors };
  },
};
