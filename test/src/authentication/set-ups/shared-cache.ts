import { createAuth, jwt } from "@connectum/auth";
import { Keyv } from "keyv";
import { policies } from "./gen/auth_policies.js";

export const auth = createAuth({
  policies,
  authenticate: jwt({
    jwksUri: process.env["JWKS_URI"],
    issuer: "https://login.example.com",
    audience: "shop",
    cache: { ttl: 60_000, store: new Keyv<string>() },
  }),
});
