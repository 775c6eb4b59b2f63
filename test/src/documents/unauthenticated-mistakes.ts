import { createClientBearerInterceptor } from "@connectum/auth/client";
import { by, issuers } from "./authentication.js";
import {
  asked,
  bearerFor,
  chain,
  issuer,
  jwtWith,
  type Mistake,
  nothing,
  plain,
  type Runtime,
  right,
  secondsFromNow,
  shopWith,
  startProxy,
  tokenOf,
} from "./mistake.js";

/** After these mistakes, calls are unauthenticated. By the names of the blocks; some blocks have several. */
export const unauthenticatedMistakes: Readonly<Record<string, readonly Mistake[]>> = {
  "no credential": [
    { wiring: right, headers: nothing, fix: { headers: () => by({}) } },
    {
      wiring: right,
      headers: nothing,
      client: [bearerFor("https://elsewhere.example.com")],
      fix: { client: [createClientBearerInterceptor({ token: async () => tokenOf(await by({})) })] },
    },
    {
      wiring: right,
      headers: nothing,
      client: [createClientBearerInterceptor({ token: () => undefined })],
      fix: { client: [createClientBearerInterceptor({ token: async () => tokenOf(await by({})) })] },
    },
    {
      wiring: right,
      proxy: (url) => startProxy(url, "authorization"),
      fix: { proxy: (url) => startProxy(url, undefined) },
    },
    {
      wiring: right,
      headers: async () => ({ authorization: "Basic YWRhOnNlY3JldA==" }),
      fix: { headers: () => by({}) },
    },
    {
      wiring: right,
      headers: async () => ({ "x-authorization": (await by({}))["authorization"] ?? "" }),
      fix: { headers: () => by({}) },
    },
  ],
  audience: [{ wiring: jwtWith({ audience: "shop-api" }), fix: { headers: () => by({ aud: "shop-api" }) } }],
  issuer: [{ wiring: jwtWith({ issuer: `${issuer}/` }), fix: { wiring: jwtWith({ issuer }) } }],
  opaque: [
    {
      wiring: right,
      headers: async () => ({ authorization: "Bearer 2YotnFZFEjr1zCsicMWpAA" }),
      fix: { headers: () => by({}) },
    },
    { wiring: right, headers: async () => ({ authorization: "Bearer a.b.c.d.e" }), fix: { headers: () => by({}) } },
  ],
  "clock behind": [
    {
      wiring: right,
      headers: () => by({ nbf: secondsFromNow(30) }),
      fix: { wiring: jwtWith({ clockTolerance: 60 }) },
    },
  ],
  "clock ahead": [
    {
      wiring: right,
      headers: () => by({ iat: secondsFromNow(-330), exp: secondsFromNow(-30) }),
      fix: { wiring: jwtWith({ clockTolerance: 60 }) },
    },
  ],
  "key set": [
    {
      async wiring(log) {
        const { login } = await issuers();
        login.fail(503);
        return jwtWith({})(log);
      },
      fix: {
        async wiring(log) {
          const { login } = await issuers();
          login.fail(undefined);
          return jwtWith({})(log);
        },
      },
    },
  ],
  "own chain": [
    {
      wiring: right,
      own: () => ({ interceptors: [plain] }),
      fix: {
        own: (wiring) => (wiring as ReturnType<Runtime["createAuth"]>).withInterceptors([plain]),
      },
    },
  ],
  "own chain without gate": [
    {
      async wiring(log) {
        const { requestGate: _, ...auth } = await right(log);
        return auth;
      },
      own: () => ({ interceptors: [plain] }),
      handlers: asked,
      fix: {
        own: (wiring) => ({
          interceptors: (wiring as ReturnType<Runtime["createAuth"]>).withInterceptors([plain]).interceptors,
        }),
      },
    },
  ],
  order: [{ wiring: chain("reverse"), fix: { wiring: chain("right") } }],
  internal: [
    {
      wiring: right,
      method: "settleOrders",
      fix: {
        wiring: shopWith((runtime) => ({
          internal: runtime.sharedSecretTrust({ callers: { ada: "the-secret-of-billing" } }),
        })),
        headers: async () => ({ "x-internal-secret": "the-secret-of-billing" }),
      },
    },
  ],
};
