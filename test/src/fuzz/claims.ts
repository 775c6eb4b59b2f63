import { createHmac } from "node:crypto";
import { createJwtAuthInterceptor } from "@connectum/auth";
import fc from "fast-check";
import { createCaller, identityOf, same } from "./outcome.js";
import { type FuzzTarget, fuzzTarget } from "./target.js";

const secret = "s".repeat(32);
const call = createCaller(
  createJwtAuthInterceptor({
    secret,
    issuer: "i",
    audience: "a",
    claimsMapping: { name: "profile.name", roles: ["https://example.com/roles"] },
  }),
);

const now = Math.floor(Date.now() / 1000);
const name = fc.constantFrom(
  "",
  "ada",
  "a b",
  " ",
  "admin",
  "__proto__",
  "constructor",
  "length",
  "läsa",
  "\ud800",
  "\0",
);
const odd = fc.oneof(fc.jsonValue({ maxDepth: 2 }), fc.constantFrom(null, true, 0, -0, 1e308, [], {}, [[]], [""], ""));
const maybe = <T>(good: fc.Arbitrary<T>) => fc.oneof({ weight: 5, arbitrary: good as fc.Arbitrary<unknown> }, odd);
const names = fc.oneof(name, fc.array(name, { maxLength: 4 }), fc.array(odd, { maxLength: 3 }));
const claims = fc.dictionary(
  fc.constantFrom("x", "__proto__", "constructor", "toString", "roles", "profile.name"),
  fc.jsonValue({ maxDepth: 3 }),
);
const known = fc.record(
  {
    iss: fc.constant("i"),
    aud: fc.constantFrom<unknown>("a", ["a"], ["b", "a"]),
    exp: maybe(fc.constant(now + 86_400 * 365)),
    sub: maybe(name),
    profile: maybe(fc.record({ name }, { requiredKeys: [] })),
    "https://example.com/roles": names,
    scope: fc.oneof(name, fc.constantFrom("a b", " a  b ", "a\tb"), names),
    scp: names,
  },
  { requiredKeys: ["iss", "aud", "exp", "sub"] },
);
/** Claims as text, so that members such as `__proto__` are really there; sometimes with a byte changed. */
const payloads = fc
  .tuple(known, claims, fc.option(fc.tuple(fc.nat(), fc.nat(255)), { freq: 6 }))
  .map(([good, other, change]) => {
    const members = [...Object.entries(good), ...Object.entries(other)];
    const json = members.map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`).join(",");
    const bytes = Buffer.from(`{${json}}`);
    if (change !== null) bytes[change[0] % bytes.length] = change[1];
    return bytes;
  });

const part = (bytes: string | Buffer) => Buffer.from(bytes).toString("base64url");
const header = part('{"alg":"HS256"}');

export const claimsMapping: FuzzTarget = fuzzTarget("claims", payloads, async (payload) => {
  const signed = `${header}.${part(payload)}`;
  const signature = createHmac("sha256", secret).update(signed).digest("base64url");
  const outcome = await call(new Headers({ authorization: `Bearer ${signed}.${signature}` }));
  const context = identityOf(outcome);
  if (context === undefined) return;
  // What was let in says exactly what the token says, and the token says it properly.
  const said: unknown = JSON.parse(payload.toString());
  const member = (value: unknown, key: string): unknown =>
    typeof value === "object" && value !== null && !Array.isArray(value) && Object.hasOwn(value, key)
      ? (value as Record<string, unknown>)[key]
      : undefined;
  same("subject", context.subject, member(said, "sub"));
  same("name", context.name, present(member(member(said, "profile"), "name")));
  same(
    "roles",
    context.roles,
    list(member(said, "https://example.com/roles"), (text) => [text]),
  );
  const scopes = member(said, "scope") ?? member(said, "scp");
  same(
    "scopes",
    context.scopes,
    list(scopes, (text) => text.split(" ").filter((scope) => scope !== "")),
  );
  same("expiry", context.expiresAt?.getTime(), Math.trunc((member(said, "exp") as number) * 1000));
  if (context.subject === "") throw new Error("nobody was let in");
});

/** A name and a list that are null or empty are absent. */
const present = (value: unknown) => (value === null || value === "" ? undefined : value);

function list(value: unknown, split: (text: string) => string[]): unknown {
  const found = present(value);
  const names = typeof found === "string" ? split(found) : (found ?? []);
  if (!Array.isArray(names) || !names.every((name) => typeof name === "string" && name !== "")) {
    throw new Error(`malformed, and let in: ${JSON.stringify(value)}`);
  }
  return [...new Set(names)];
}
