import { createGatewayAuthInterceptor } from "@connectum/auth";
import fc from "fast-check";
import { createCaller, identityOf, same } from "./outcome.js";
import { type FuzzTarget, fuzzTarget, headerText } from "./target.js";

const secret = "a-secret-of-the-gateway";
const call = createCaller(
  createGatewayAuthInterceptor({
    headerMapping: { subject: "x-user", name: "x-name", roles: "x-roles", scopes: "x-scopes", claims: "x-claims" },
    trustSource: { header: "x-proof", secrets: secret },
  }),
);

const text = headerText("ada", "admin", "[", "]", '["a","b"]', "{", "}", '{"a":1}', "a b", "a, b", "null", '"ada"');
const inputs = fc.record(
  {
    "x-user": text,
    "x-name": text,
    "x-roles": text,
    "x-scopes": text,
    "x-claims": text,
    "x-proof": fc.oneof({ weight: 6, arbitrary: fc.constant(secret) }, headerText(secret, secret.slice(1))),
  },
  { requiredKeys: ["x-user"] },
);

export const gatewayHeaders: FuzzTarget = fuzzTarget("gateway headers", inputs, async (fields) => {
  const headers = new Headers(fields as Record<string, string>);
  const sent = new Headers(headers);
  const context = identityOf(await call(headers));
  if (context === undefined) return;
  same("proof", sent.get("x-proof"), secret);
  same("subject", context.subject, sent.get("x-user"));
  same("name", context.name, sent.get("x-name") || undefined);
  same("roles", context.roles, list(sent.get("x-roles"), /,/));
  same("scopes", context.scopes, list(sent.get("x-scopes"), / +/));
  same("claims", context.claims, JSON.parse(sent.get("x-claims") ?? "{}"));
});

function list(value: string | null, separator: RegExp): unknown {
  if (value === null || value === "") return [];
  const names: unknown = value.startsWith("[") ? JSON.parse(value) : value.split(separator).map((name) => name.trim());
  if (!Array.isArray(names) || !names.every((name) => typeof name === "string" && name !== "")) {
    throw new Error(`malformed, and let in: ${JSON.stringify(value.slice(0, 1_000))}`);
  }
  return [...new Set(names)];
}
