import { createAuth, jwt, sharedSecretTrust, signedTokenTrust } from "@connectum/auth";
import { policies } from "./gen/auth_policies.js";

export const auth = createAuth({
  policies,
  authenticate: jwt({ jwksUri: process.env["JWKS_URI"], issuer: "https://login.example.com", audience: "shop" }),
  internal: [
    signedTokenTrust({
      header: "x-service-token",
      issuers: [{ issuer: "https://services.example.com", jwksUri: process.env["PARTNER_JWKS_URI"], audience: "shop" }],
    }),
    sharedSecretTrust({ callers: { billing: process.env["BILLING_SECRET"] } }),
  ],
});
