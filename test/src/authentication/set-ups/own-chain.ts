import { createJwtAuthInterceptor, createProtoAuthzInterceptor, getPublicMethods } from "@connectum/auth";
import { policies } from "./gen/auth_policies.js";

export const interceptors = [
  createJwtAuthInterceptor({
    jwksUri: process.env["JWKS_URI"],
    issuer: "https://login.example.com",
    audience: "shop",
    skipMethods: getPublicMethods(policies),
  }),
  createProtoAuthzInterceptor({ policies }),
];
