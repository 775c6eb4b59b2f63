import { createAuth, jwt } from "@connectum/auth";
import { policies } from "./gen/auth_policies.js";

export const auth = createAuth({
  policies,
  authenticate: jwt({
    issuers: [
      { issuer: "https://login.example.com", jwksUri: process.env["JWKS_URI"], audience: "shop" },
      { issuer: "https://partner.example.com", jwksUri: process.env["PARTNER_JWKS_URI"], audience: "shop" },
    ],
  }),
});
