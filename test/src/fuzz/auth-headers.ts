import { type AuthContext, InvalidCredentialError, parseAuthHeaders, setAuthHeaders } from "@connectum/auth";
import fc from "fast-check";
import { same } from "./outcome.js";
import { type FuzzTarget, fuzzTarget, headerText } from "./target.js";

const text = headerText(
  "ada",
  "%C3%A4",
  "%2C",
  "%",
  "[",
  "]",
  '["a"]',
  '"\\u00e4"',
  "{",
  "}",
  '{"a":1}',
  '{"sub":"bot","act":{"sub":"app"}}',
  "2030-01-01T00:00:00.000Z",
);
const fields = ["subject", "name", "type", "roles", "scopes", "permissions", "claims", "actor", "expires-at"];
const inputs = fc.dictionary(fc.constantFrom(...fields.map((field) => `x-auth-${field}`)), text, { minKeys: 1 });

/** What was parsed writes itself back, and is then parsed again as the same. */
function writeAndRead(context: AuthContext): void {
  const headers = new Headers({ "x-auth-left-over": "x" });
  try {
    setAuthHeaders(headers, context);
  } catch (error) {
    if (error instanceof RangeError && /at most 8192/.test(error.message)) return;
    throw error;
  }
  same("a header that was not written", headers.get("x-auth-left-over"), null);
  same("context", parseAuthHeaders(headers), context);
}

export const authHeaders: FuzzTarget = fuzzTarget("parseAuthHeaders", inputs, (fields) => {
  const headers = new Headers(fields);
  let context: AuthContext | undefined;
  try {
    context = parseAuthHeaders(headers);
  } catch (error) {
    if (!(error instanceof InvalidCredentialError)) throw error;
    return;
  }
  if (context === undefined) same("subject", headers.get("x-auth-subject"), null);
  else writeAndRead(context);
});

const name = fc.string({ unit: "grapheme", minLength: 1, maxLength: 20 });
const actor = fc.record({ subject: name, issuer: name }, { requiredKeys: ["subject"] });
const contexts = fc
  .record(
    {
      subject: name,
      name,
      type: name,
      roles: fc.uniqueArray(name, { maxLength: 5 }),
      scopes: fc.uniqueArray(name, { maxLength: 5 }),
      permissions: fc.uniqueArray(name, { maxLength: 5 }),
      claims: fc.dictionary(name, fc.jsonValue({ noUnicodeString: false }), { noNullPrototype: true }),
      expiresAt: fc.date({ noInvalidDate: true, min: new Date(0), max: new Date("9999-12-31") }),
    },
    { requiredKeys: ["subject", "type", "roles", "scopes", "permissions", "claims"] },
  )
  .chain((context) =>
    // The claim `act` of an identity names its actor.
    fc
      .option(actor, { nil: undefined })
      .map((actor) =>
        actor === undefined
          ? context
          : { ...context, actor, claims: { ...context.claims, act: { sub: actor.subject, iss: actor.issuer } } },
      ),
  );

export const authHeadersRoundTrip: FuzzTarget = fuzzTarget("setAuthHeaders", contexts, (context) => {
  writeAndRead(JSON.parse(JSON.stringify(context), revive) as AuthContext);
});

/** JSON has no negative zero, and dates come back as dates. */
function revive(key: string, value: unknown): unknown {
  return key === "expiresAt" && typeof value === "string" && /^\d{4}-.*Z$/.test(value) ? new Date(value) : value;
}
