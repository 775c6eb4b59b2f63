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

const layouts = createCaller(
  createGatewayAuthInterceptor({
    headerMapping: {
      subject: "x-user",
      roles: { header: "x-roles", separator: "|" },
      scopes: "x-scopes",
      encoding: "percent",
    },
    trustSource: { header: "x-proof", secrets: secret },
  }),
);
const encoded = headerText(
  "ada",
  "admin",
  "|",
  "%7C",
  "%2C",
  "%20",
  "%22",
  "%5B",
  "%5D",
  "%C3%BC",
  "%c3",
  "%00",
  '["a"]',
);

/** What was let in is every name of the header, decoded once, and nothing between the names. */
export const gatewayLists: FuzzTarget = fuzzTarget(
  "gateway lists",
  fc.record({ "x-user": encoded, "x-roles": encoded, "x-scopes": encoded }, { requiredKeys: ["x-user"] }),
  async (fields) => {
    const headers = new Headers({ ...(fields as Record<string, string>), "x-proof": secret });
    const sent = new Headers(headers);
    const context = identityOf(await layouts(headers));
    if (context === undefined) return;
    same("subject", context.subject, decodeURIComponent(sent.get("x-user") ?? ""));
    same(
      "roles",
      context.roles,
      decoded(sent.get("x-roles"), "|", (name) => name),
    );
    same("scopes", context.scopes, decoded(sent.get("x-scopes"), / +/));
    const text = JSON.stringify(context);
    if (/\\u00[01]|\ufffd/.test(text)) throw new Error(`a control character: ${text.slice(0, 1_000)}`);
  },
);

const trim = (name: string) => name.replace(/^[ \t]+|[ \t]+$/g, "");

function decoded(value: string | null, separator: string | RegExp, read = trim): readonly string[] {
  if (value === null || value === "") return [];
  return [...new Set(value.split(separator).map((name) => decodeURIComponent(read(name))))];
}

const payload = createCaller(
  createGatewayAuthInterceptor({
    payload: { header: "x-payload" },
    trustSource: { header: "x-proof", secrets: secret },
  }),
);
const members = fc.array(
  fc.tuple(fc.constantFrom("sub", "name", "roles", "exp", "__proto__", "x"), fc.jsonValue({ maxDepth: 3 })),
  { maxLength: 5 },
);
/** JSON with repeated and odd members in each form of base64, sometimes with one character changed. */
const payloads = fc
  .tuple(
    members,
    fc.constantFrom("base64", "base64url"),
    fc.boolean(),
    fc.option(fc.tuple(fc.nat(), fc.nat(127)), { freq: 3 }),
  )
  .map(([list, form, isPadded, change]) => {
    const rest = list.map(([name, value]) => `,${JSON.stringify(name)}:${JSON.stringify(value)}`).join("");
    let value = Buffer.from(`{"sub":"ada"${rest}}`).toString(form as "base64");
    if (!isPadded) value = value.replace(/=+$/, "");
    if (change === null) return value;
    const place = change[0] % value.length;
    return value.slice(0, place) + String.fromCharCode(Math.max(32, change[1])) + value.slice(place + 1);
  });

/** What was let in is what a decoder with one spelling reads. */
export const gatewayPayload: FuzzTarget = fuzzTarget("gateway payload", payloads, async (value) => {
  const headers = new Headers({ "x-payload": value.replace(/\x7f/g, "x"), "x-proof": secret });
  const sent = headers.get("x-payload") ?? "";
  const context = identityOf(await payload(headers));
  if (context === undefined) return;
  const bytes = Buffer.from(sent, "base64");
  const spellings = [bytes.toString("base64"), bytes.toString("base64url")];
  if (!spellings.some((text) => text.replace(/=+$/, "") === sent.replace(/=+$/, ""))) {
    throw new Error(`another spelling was let in: ${sent.slice(0, 1_000)}`);
  }
  const json = bytes.toString();
  const claims = JSON.parse(json) as Record<string, unknown>;
  same("claims", context.claims, claims);
  same("subject", context.subject, claims["sub"]);
  const exp = Object.hasOwn(claims, "exp") ? claims["exp"] : undefined;
  same("expiry", context.expiresAt?.getTime(), exp === undefined ? undefined : Math.trunc((exp as number) * 1_000));
});
