import { createAuth, getPublicMethods, jwt } from "@connectum/auth";
import { policies } from "./gen/auth_policies.js";

export const auth = createAuth({
  policies,
  authenticate: jwt({ jwksUri: process.env["JWKS_URI"], issuer: "https://login.example.com", audience: "shop" }),
  optionalMethods: getPublicMethods(policies),
});
