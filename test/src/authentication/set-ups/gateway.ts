import { createAuth, gateway } from "@connectum/auth";
import { policies } from "./gen/auth_policies.js";

export const auth = createAuth({
  policies,
  authenticate: gateway({
    headerMapping: { subject: "x-user-id", roles: "x-user-roles" },
    trustSource: { header: "x-gateway-secret", secrets: process.env["GATEWAY_SECRET"] },
  }),
});
