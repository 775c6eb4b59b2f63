import { type AuthContextInit, InvalidCredentialError } from "@connectum/auth";
import { introspection } from "@connectum/auth/introspection";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startHttpServer, type TestHttpServer } from "../servers/http-server.js";

const audience = "urn:lab";
const now = Math.floor(Date.now() / 1_000);

let server: TestHttpServer;
let body = "";
beforeAll(async () => {
  server = await startHttpServer((_, response) => {
    response.writeHead(200, { "content-type": "application/json" }).end(body);
  });
});
afterAll(() => server.stop());

const odd = fc.oneof(
  fc.jsonValue({ maxDepth: 2 }),
  fc.constantFrom<unknown>(
    null,
    true,
    false,
    0,
    1,
    "true",
    "",
    [],
    {},
    [[]],
    [""],
    [audience, null],
    [[audience]],
    1e300,
    -1,
  ),
);
const mostly = (good: readonly unknown[]) => fc.oneof({ weight: 6, arbitrary: fc.constantFrom(...good) }, odd);
const members = {
  active: mostly([true]),
  sub: mostly(["ada", "__proto__"]),
  iss: mostly(["ISSUER"]),
  aud: mostly([audience, [audience], ["urn:other", audience]]),
  exp: mostly([now + 10_000, now + 0.5 + 10_000]),
  nbf: mostly([now - 10_000]),
  iat: mostly([now - 10_000]),
  token_type: mostly(["Bearer", "bearer"]),
  token_use: mostly(["access_token"]),
  client_id: mostly(["shop"]),
  scope: mostly(["a b", "a"]),
  roles: mostly([["user"], "user"]),
  name: mostly(["Ada", null]),
  act: mostly([{ sub: "bot" }, { sub: "bot", act: { sub: "app" } }, null]),
};
/** As text, so that members such as `__proto__` are really there; sometimes with a byte changed. */
const descriptions = fc
  .tuple(
    fc.record(members, { requiredKeys: ["active", "sub", "iss", "aud", "token_type"] }),
    fc.dictionary(fc.constantFrom("cnf", "__proto__", "constructor", "username", "jti"), odd, { maxKeys: 1 }),
    fc.oneof(
      { weight: 3, arbitrary: fc.constant(null) },
      { weight: 1, arbitrary: fc.tuple(fc.nat(), fc.integer({ min: 32, max: 126 })) },
    ),
  )
  .map(([known, others, change]) => {
    const all = [...Object.entries(known), ...Object.entries(others)];
    const text = `{${all.map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`).join(",")}}`;
    if (change === null) return text;
    const at = change[0] % text.length;
    return `${text.slice(0, at)}${String.fromCharCode(change[1])}${text.slice(at + 1)}`;
  });

const isText = (value: unknown) => typeof value === "string" && value !== "";
const isAbsent = (value: unknown) => value === undefined || value === null || value === "";
const isNames = (value: unknown) => isAbsent(value) || isText(value) || (Array.isArray(value) && value.every(isText));
const isActor = (value: unknown): boolean =>
  typeof value === "object" &&
  value !== null &&
  !Array.isArray(value) &&
  isText(own(value, "sub")) &&
  (isAbsentActor(own(value, "iss")) || isText(own(value, "iss"))) &&
  (isAbsentActor(own(value, "act")) || isActor(own(value, "act")));
const isAbsentActor = (value: unknown) => value === undefined || value === null;
const own = (value: unknown, name: string): unknown =>
  Object.hasOwn(value as object, name) ? (value as Record<string, unknown>)[name] : undefined;

/** Says again, in other words than the scheme, what may be accepted. */
function judge(text: string, issuer: string): "accepted" | "refused" | "unavailable" {
  let claims: unknown;
  try {
    claims = JSON.parse(text);
  } catch {
    return "unavailable";
  }
  if (typeof claims !== "object" || claims === null || Array.isArray(claims)) return "unavailable";
  const get = (name: string) => own(claims, name);
  if (typeof get("active") !== "boolean") return "unavailable";
  const aud = typeof get("aud") === "string" ? [get("aud")] : get("aud");
  const isTime = (value: unknown) => value === undefined || (typeof value === "number" && Number.isFinite(value));
  const [exp = now + 1, nbf = 0] = [get("exp"), get("nbf")] as number[];
  const requirements = [
    get("active") === true,
    isText(get("sub")),
    get("iss") === issuer,
    Array.isArray(aud) && aud.every((one) => typeof one === "string") && aud.includes(audience),
    [get("exp"), get("nbf"), get("iat")].every(isTime) && exp > now && exp < 253_402_300_800 && nbf <= now,
    ["Bearer", "bearer"].includes(get("token_type") as string),
    get("token_use") === undefined || get("token_use") === "access_token",
    get("client_id") === undefined || isText(get("client_id")),
    !Object.hasOwn(claims, "cnf"),
    isNames(get("scope")) && isNames(get("roles")),
    isAbsent(get("name")) || isText(get("name")),
    isAbsent(get("act")) || isActor(get("act")),
  ];
  return requirements.every(Boolean) ? "accepted" : "refused";
}

test("of random descriptions, those are accepted that a second reading accepts, and no others", async () => {
  const scheme = introspection({
    issuer: server.url,
    endpoint: server.url,
    audience,
    clientId: "shop",
    clientSecret: "secret",
    // Many descriptions in a row are none.
    cooldown: 0.001,
  });
  const header = new Headers({ authorization: "Bearer a" });
  const counts = { accepted: 0, refused: 0, unavailable: 0 };
  await fc.assert(
    fc.asyncProperty(descriptions, async (text) => {
      body = text.replaceAll("ISSUER", server.url);
      const want = judge(body, server.url);
      const verified = scheme.read({ header } as never)?.verify();
      const got = await Promise.resolve(verified).then(
        (verified) => verified?.identity as AuthContextInit,
        (error: unknown) => (error instanceof InvalidCredentialError ? "refused" : "unavailable"),
      );
      counts[want]++;
      expect([typeof got === "string" ? got : "accepted", body]).toEqual([want, body]);
      if (typeof got !== "string") expect(got.subject).toBe(JSON.parse(body).sub);
    }),
    { numRuns: 1_000 },
  );
  // Each verdict has been there often enough to mean something.
  expect(Math.min(...Object.values(counts))).toBeGreaterThan(30);
});
