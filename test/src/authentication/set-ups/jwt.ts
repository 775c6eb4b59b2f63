import { createAuth, jwt } from "@connectum/auth";
import { policies } from "./gen/auth_policies.js";

export const auth = createAuth({
  policies,
  authenticate: jwt({
    jwksUri: process.env["JWKS_URI"],
    issuer: "https://login.example.com",
    audience: "shop",
    claimsMapping: { roles: "realm_access.roles" },
  }),
});
