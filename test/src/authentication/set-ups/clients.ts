import { getAuthContext } from "@connectum/auth";
import { createClientBearerInterceptor, createClientGatewayInterceptor } from "@connectum/auth/client";
import { policies } from "./gen/auth_policies.js";
import { signIn } from "./sign-in.js";

/** A user's client: the token goes to this origin alone, and not to public methods. */
export const bearer = createClientBearerInterceptor({
  token: async () => (await signIn()).accessToken,
  policies,
  allowedOrigins: ["https://api.example.com"],
});

/** One service calling another for the caller it is serving. */
export const onBehalf = createClientGatewayInterceptor({
  identity: getAuthContext,
  secret: process.env["GATEWAY_SECRET"],
});
