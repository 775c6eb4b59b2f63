import { createClient, createRouterTransport, type Interceptor } from "@connectrpc/connect";
import {
  type AuthScheme,
  type Credential,
  type CredentialSource,
  createAuth,
  createAuthInterceptor,
  createInternalAuthInterceptor,
  createProtoAuthzInterceptor,
  credentials,
  gateway,
  InvalidCredentialError,
  meshIdentityTrust,
  sharedSecretTrust,
  signedTokenTrust,
} from "@connectum/auth";
import { createTestJwt, TEST_JWT_SECRET } from "@connectum/auth/testing";
import { describe, expect, test } from "vitest";
import { EchoServicePolicy } from "../gen/lab/v1/lab_auth.js";
import { EchoService } from "../gen/lab/v1/lab_pb.js";
import { missing, ok, outcome, refused, tryIt } from "../support/call.js";
import { labRoutes } from "../support/lab.js";
import { causeOf } from "../support/witness.js";

const trustSource = { header: "x-mesh-secret", secrets: "the-secret-of-the-mesh" };
const proof = { "x-mesh-secret": "the-secret-of-the-mesh" };
const orders = "spiffe://lab/ns/shop/sa/orders";

describe("a mesh with x-forwarded-client-cert: the last hop counts", () => {
  const mesh = createInternalAuthInterceptor({
    trust: meshIdentityTrust({ allow: [orders, "spiffe://lab/ns/billing/*"], trustSource }),
  });
  const allowed = ok(orders);
  test.each([
    { name: "one hop", cert: `By=spiffe://lab/me;Hash=1;URI=${orders}`, want: allowed },
    {
      name: "quoted, with commas in the subject",
      cert: `Hash=1;Subject="CN=a,OU=\\"b\\";x";URI="${orders}"`,
      want: allowed,
    },
    { name: "by a prefix", cert: "URI=spiffe://lab/ns/billing/sa/a", want: ok("spiffe://lab/ns/billing/sa/a") },
    { name: "two hops, the last is allowed", cert: `URI=spiffe://evil/x,URI=${orders}`, want: allowed },
    {
      name: "a hop that a client put in front",
      cert: `URI=${orders},URI=spiffe://lab/ns/shop/sa/web`,
      want: refused(),
    },
    { name: "a workload that is not allowed", cert: "URI=spiffe://lab/ns/shop/sa/web", want: refused() },
    { name: "a longer name", cert: `URI=${orders}-evil`, want: refused() },
    { name: "the prefix without its slash", cert: "URI=spiffe://lab/ns/billingevil/sa/a", want: refused() },
    { name: "another trust domain", cert: "URI=spiffe://evil/ns/shop/sa/orders", want: refused() },
    { name: "several URIs", cert: `URI=${orders};URI=spiffe://lab/x`, want: refused() },
    { name: "no URI in the last hop", cert: `URI=${orders},Hash=1`, want: refused() },
    { name: "a URI inside a quoted subject", cert: `Subject="x;URI=${orders}"`, want: refused() },
    { name: "a quote that is not closed", cert: `URI="${orders}`, want: refused() },
    { name: "an empty URI", cert: "URI=", want: refused() },
    { name: "nothing in it", cert: "", want: refused() },
    { name: "a separator at the end", cert: `URI=${orders};`, want: allowed },
    { name: "a separator and white space at the end", cert: `Hash=1;URI=${orders}; \t`, want: allowed },
    { name: "a separator at the end of each hop", cert: `URI=spiffe://evil/x;,URI=${orders};`, want: allowed },
    { name: "two separators at the end", cert: `URI=${orders};;`, want: refused() },
    { name: "a separator alone", cert: ";", want: refused() },
    { name: "a separator at the beginning", cert: `;URI=${orders}`, want: refused() },
    { name: "two separators between", cert: `URI=${orders};;Hash=1`, want: refused() },
    { name: "a comma at the end", cert: `URI=${orders},`, want: refused() },
    { name: "a semicolon in a value without quotes", cert: `By=urn:x(a;b);URI=${orders}`, want: allowed },
    { name: "several of them", cert: `Hash=1;By=urn:x(a;b;c=d;e);URI=${orders};DNS=x`, want: allowed },
    { name: "a semicolon at the end of such a value", cert: `URI=${orders};By=urn:x(a;b)`, want: allowed },
    { name: "a URI that goes on behind a semicolon", cert: `URI=${orders};b`, want: refused() },
    { name: "a URI that goes on as a key that nobody knows", cert: `URI=${orders};x=y`, want: refused() },
    { name: "a second URI inside a value", cert: `By=urn:x(a;URI=${orders});URI=${orders}`, want: refused() },
    { name: "a comma in a value without quotes", cert: `URI=${orders};By=urn:x(a,b)`, want: refused() },
    { name: "text behind a quote", cert: `Subject="x";b;URI=${orders}`, want: refused() },
    { name: "text close behind a quote", cert: `Subject="x"y;URI=${orders}`, want: refused() },
    { name: "a quote inside a value", cert: `By=a"b";URI=${orders}`, want: refused() },
    {
      name: "a client's quote that swallows the hop's own",
      cert: `URI=${orders};Subject=",By=spiffe://lab/me;Hash=1;Subject="CN=evil";URI=spiffe://evil/x`,
      want: refused(),
    },
    {
      name: "a client's quote that swallows a hop with an escaped quote",
      cert: `URI=${orders};Subject=",By=spiffe://lab/me;Subject="CN=\\"x\\"";URI=spiffe://evil/x`,
      want: refused(),
    },
    {
      name: "a client's hop in front of one with quotes",
      cert: `URI=spiffe://evil/x;Subject="a,b",By=spiffe://lab/me;Subject="CN=\\"x\\"";URI=${orders}`,
      want: allowed,
    },
    { name: "Unicode white space before the key", cert: `\u00a0URI=${orders}`, want: refused() },
    { name: "Unicode white space behind the URI", cert: `URI=${orders}\u00a0`, want: refused() },
    { name: "the key in other letters", cert: `uRi=${orders}`, want: allowed },
    { name: "a key that ends so", cert: `XURI=${orders}`, want: refused() },
    { name: "characters that are escaped", cert: 'URI="spiffe:\\/\\/lab/ns/shop/sa/orders"', want: allowed },
    {
      name: "a backslash that is escaped",
      cert: 'URI="spiffe://lab/ns/billing/\\\\a"',
      want: ok("spiffe://lab/ns/billing/\\a"),
    },
    {
      name: "a backslash without quotes",
      cert: "URI=spiffe://lab/ns/billing/\\a",
      want: ok("spiffe://lab/ns/billing/\\a"),
    },
    { name: "white space in quotes, which counts", cert: `URI=" ${orders}"`, want: refused() },
    { name: "an empty URI beside a hop that is allowed", cert: `URI=${orders},URI=""`, want: refused() },
    { name: "the prefix itself", cert: "URI=spiffe://lab/ns/billing/", want: ok("spiffe://lab/ns/billing/") },
    { name: "a shorter name", cert: `URI=${orders.slice(0, -1)}`, want: refused() },
    { name: "white space around the URI", cert: `URI= ${orders} ; Hash=1`, want: allowed },
    { name: "nonsense", cert: ";;,,==", want: refused() },
  ])("$name", async ({ cert, want }) => {
    expect(await tryIt(mesh, { ...proof, "x-forwarded-client-cert": cert })).toMatchObject(want);
  });
  test.each([
    { name: "without proof of the mesh", headers: { "x-forwarded-client-cert": `URI=${orders}` }, want: refused() },
    { name: "with proof, and no certificate", headers: proof, want: missing },
  ])("$name", async ({ headers, want }) => expect(await tryIt(mesh, headers)).toMatchObject(want));
});

test("a header that is made to be slow to read is not", async () => {
  const mesh = createInternalAuthInterceptor({ trust: meshIdentityTrust({ allow: [orders], trustSource }) });
  for (const cert of [
    `URI=${" ".repeat(100_000)}"`,
    `URI=${'"'.repeat(99_999)}`,
    `URI="${"\\".repeat(99_999)}`,
    `${"a=b;".repeat(25_000)}!`,
  ]) {
    const start = performance.now();
    expect(await tryIt(mesh, { ...proof, "x-forwarded-client-cert": cert })).toMatchObject(refused());
    expect(performance.now() - start).toBeLessThan(3_000);
  }
});

test("a workload by a header of the mesh: neither it nor its proof reaches a handler", async () => {
  const mesh = createInternalAuthInterceptor({ trust: meshIdentityTrust({ allow: [orders], trustSource }) });
  const shared = createInternalAuthInterceptor({
    trust: sharedSecretTrust({ callers: { orders: "the-secret-of-orders" } }),
  });
  for (const interceptor of [mesh, shared]) {
    const seen: string[] = [];
    const look: Interceptor = (next) => (req) => {
      seen.push(...[...req.header.keys()].filter((name) => name.startsWith("x-")));
      return next(req);
    };
    const headers = {
      ...proof,
      "x-forwarded-client-cert": `URI=${orders}`,
      "x-internal-secret": "the-secret-of-orders",
    };
    expect(await tryIt([interceptor, look], headers)).toMatchObject({ code: "ok" });
    expect(seen.sort()).toEqual(
      interceptor === mesh ? ["x-internal-secret"] : ["x-forwarded-client-cert", "x-mesh-secret"],
    );
  }
});

describe("workloads that may call are named, or refused at creation", () => {
  test.each([
    [[""], 'allow: "" is not a workload; "*" may stand at the end of a name only'],
    [["a b"], 'allow: "a b" is not a workload; "*" may stand at the end of a name only'],
    [["a,b"], 'allow: "a,b" is not a workload; "*" may stand at the end of a name only'],
    [["a**"], 'allow: "a**" is not a workload; "*" may stand at the end of a name only'],
    [["*a"], 'allow: "*a" is not a workload; "*" may stand at the end of a name only'],
    [["a\u00e9"], 'allow: "a\u00e9" is not a workload; "*" may stand at the end of a name only'],
    [["*"], 'allow: "*" is not a workload; "*" may stand at the end of a name only'],
    [[orders, 7], 'allow: 7 is not a workload; "*" may stand at the end of a name only'],
    [orders, "allow: expected a list of at least one workload"],
  ])("%j", (allow, message) => {
    expect(() => meshIdentityTrust({ allow: allow as never, trustSource })).toThrow(new TypeError(message));
  });
  test.each([
    "spiffe://*",
    "spiffe:*",
    "spiffe:/*",
    "spiff*",
    "s*",
    "spiffe://lab*",
    "spiffe://",
    "spiffe:///ns/shop",
    "spiffe:///*",
    "spiffe://lab",
    "spiffe://lab/",
    "spiffe://Lab/ns/shop",
    "SPIFFE://lab/ns/shop",
    "Spiffe://lab/*",
    "spiffe://lab:8080/ns",
    "spiffe://me@lab/ns",
    "spiffe://lab/ns/shop/",
    "spiffe://lab//shop",
    "spiffe://lab//*",
    "spiffe://lab/ns/../shop",
    "spiffe://lab/./*",
    "spiffe://lab/ns?a",
    "spiffe://lab/ns#a",
    "spiffe:lab/ns",
    "https://*",
    "https:*",
    "https:/*",
    "https://example.com*",
    "urn:*",
  ])("%j matches nothing, or every trust domain", (workload) => {
    const make = () => meshIdentityTrust({ allow: [orders, workload], trustSource });
    expect(make).toThrow(TypeError);
    expect(make).toThrow(`allow: "${workload}" matches nothing, or every trust domain: write "spiffe://`);
  });
  test.each([
    "spiffe://lab/*",
    "spiffe://lab/ns*",
    "spiffe://lab/ns/shop/sa/*",
    "spiffe://lab/ns/.x",
    "spiffe://lab/ns/.*",
    "spiffe://prod.example-1.org/a_b/c~d%20",
    "https://example.com/*",
    "https://example.com",
    "urn:x:*",
    "web.shop.serviceaccount.identity.linkerd.cluster.local",
    "web.*",
  ])("%j is a workload", (workload) => {
    expect(() => meshIdentityTrust({ allow: [workload], trustSource })).not.toThrow();
  });
  test.each([
    { allow: ["a"], workload: "a", want: ok("a") },
    { allow: ["a"], workload: "ab", want: refused() },
    { allow: ["a*"], workload: "ab", want: ok("ab") },
    { allow: ["a*"], workload: "ba", want: refused() },
    { allow: ["ab*"], workload: "ab", want: ok("ab") },
    { allow: ["ab*"], workload: "abc", want: ok("abc") },
    { allow: ["ab*"], workload: "ac", want: refused() },
    { allow: ["ab", "c*"], workload: "a", want: refused() },
    { allow: ["ab", "c*"], workload: "", want: refused() },
    { allow: ["ab", "c*"], workload: "ab", want: ok("ab") },
    { allow: ["ab", "c*"], workload: "cd", want: ok("cd") },
  ])("$allow for $workload", async ({ allow, workload, want }) => {
    const mesh = createInternalAuthInterceptor({ trust: meshIdentityTrust({ allow, trustSource }) });
    expect(await tryIt(mesh, { ...proof, "x-forwarded-client-cert": `URI=${workload}` })).toMatchObject(want);
  });
  test.each([
    { name: "a header that cannot be read", headers: { ...proof, "x-forwarded-client-cert": "!" } },
    { name: "a workload that may not", headers: { ...proof, "x-forwarded-client-cert": "URI=b" } },
  ])("$name: the cause names the header, and no more", async ({ headers }) => {
    const mesh = createInternalAuthInterceptor({ trust: meshIdentityTrust({ allow: ["a*"], trustSource }) });
    expect(await causeOf(mesh, headers)).toBe("x-forwarded-client-cert: not allowed");
  });
});

test("a mesh whose header is the name itself", async () => {
  const mesh = createInternalAuthInterceptor({
    trust: meshIdentityTrust({
      header: "l5d-client-id",
      allow: ["web.shop.serviceaccount.identity.linkerd.cluster.local"],
      trustSource,
      mapCaller: (workload) => ({ subject: workload.split(".")[0] ?? "", roles: ["billing"] }),
    }),
  });
  const name = "web.shop.serviceaccount.identity.linkerd.cluster.local";
  expect(await tryIt(mesh, { ...proof, "l5d-client-id": name })).toEqual(ok("web"));
  expect(await tryIt(mesh, { ...proof, "l5d-client-id": `${name}, other` })).toMatchObject(refused());
});

test("a header that is sent twice is no workload, by a prefix either", async () => {
  const trust = meshIdentityTrust({ header: "x-workload", allow: ["web.*", "spiffe://lab/*"], trustSource });
  const mesh = createInternalAuthInterceptor({ trust });
  for (const workload of ["web.shop", "spiffe://lab/ns/a"]) {
    expect(await tryIt(mesh, { ...proof, "x-workload": workload })).toEqual(ok(workload));
    for (const other of [", other", ",other", " other", "\u00a0", "\u00e9"]) {
      expect(await tryIt(mesh, { ...proof, "x-workload": workload + other })).toMatchObject(refused());
    }
  }
});

describe("a shared secret for each service", () => {
  const interceptor = createInternalAuthInterceptor({
    trust: sharedSecretTrust({
      callers: { orders: ["the-secret-of-orders", "the-next-secret-of-orders"], billing: "the-secret-of-billing" },
    }),
  });
  test.each([
    { secret: "the-secret-of-orders", want: ok("orders") },
    { secret: "the-next-secret-of-orders", want: ok("orders") },
    { secret: "the-secret-of-billing", want: ok("billing") },
    { secret: "the-secret-of-nobody", want: refused() },
    { secret: "the-secret-of-order", want: refused() },
    { secret: "", want: refused() },
  ])("$secret", async ({ secret, want }) => {
    expect(await tryIt(interceptor, { "x-internal-secret": secret })).toMatchObject(want);
  });

  test("a secret that nobody has is refused, whatever callers are mapped to", async () => {
    const trust = sharedSecretTrust({
      header: "X-Service-Secret",
      callers: { orders: "the-secret-of-orders" },
      mapCaller: () => ({ subject: "service" }),
    });
    const one = createInternalAuthInterceptor({ trust });
    expect(await tryIt(one, { "x-service-secret": "the-secret-of-orders" })).toEqual(ok("service"));
    expect(await tryIt(one, { "x-service-secret": "the-secret-of-nobody" })).toMatchObject(refused());
    expect(await causeOf(one, { "x-service-secret": "x" })).toBe("x-service-secret: not a known secret");
    expect(await tryIt(one, { "x-internal-secret": "the-secret-of-orders" })).toMatchObject(missing);
  });

  test("one secret of two services identifies neither", async () => {
    const secret = "the-secret-that-two-share";
    const shared = createInternalAuthInterceptor({
      trust: sharedSecretTrust({ callers: { orders: secret, billing: secret } }),
    });
    expect(await tryIt(shared, { "x-internal-secret": secret })).toMatchObject(refused());
  });
});

test("a service's token in a header of its own, beside the user's", async () => {
  const issuer = "https://services.example.com";
  const issuers = [{ issuer, secret: TEST_JWT_SECRET, audience: "lab" }];
  const interceptor = createInternalAuthInterceptor({
    trust: signedTokenTrust({ header: "x-service-token", issuers }),
  });
  const token = await createTestJwt({ sub: "orders", iss: issuer, aud: "lab" });
  const user = { authorization: `Bearer ${token}` };
  expect(await tryIt(interceptor, { ...user, "x-service-token": token })).toEqual(ok("orders"));
  expect(await tryIt(interceptor, user)).toMatchObject(missing);
  for (const wrong of [`${token}, ${token}`, `Bearer ${token}`, "x".repeat(20_000), ""]) {
    expect(await tryIt(interceptor, { "x-service-token": wrong })).toMatchObject(refused());
  }
});

test("several trusts are tried in order; the first that finds its credential decides", async () => {
  const interceptor = createInternalAuthInterceptor({
    trust: [
      sharedSecretTrust({ callers: { orders: "the-secret-of-orders" } }),
      meshIdentityTrust({ allow: [orders], trustSource }),
    ],
  });
  const cert = { ...proof, "x-forwarded-client-cert": `URI=${orders}` };
  expect(await tryIt(interceptor, cert)).toEqual(ok(orders));
  expect(await tryIt(interceptor, { "x-internal-secret": "the-secret-of-orders" })).toEqual(ok("orders"));
  expect(await tryIt(interceptor, { ...cert, "x-internal-secret": "the-secret-of-eve" })).toMatchObject(refused());
});

describe("which identities are internal", () => {
  const own: AuthScheme = {
    name: "own",
    challenge: undefined,
    trustedHeaders: [],
    cache: false,
    read: ({ header }) => {
      const subject = header.get("x-own");
      return subject === null ? undefined : { key: undefined, verify: () => ({ identity: { subject } }) };
    },
  };
  const wiring = (authenticates: Interceptor) => {
    const interceptors = [authenticates, createProtoAuthzInterceptor({ policies: [EchoServicePolicy] })];
    return createClient(EchoService, createRouterTransport(labRoutes(), { router: { interceptors } }));
  };
  const call = (interceptor: Interceptor, headers: HeadersInit) =>
    outcome(
      wiring(interceptor)
        .internalUnary({}, { headers })
        .then(({ subject }) => subject),
    );

  test("those of the trust, by a scheme that does not say so itself as well", async () => {
    const shared = sharedSecretTrust({ callers: { orders: "the-secret-of-orders" } });
    const interceptor = createInternalAuthInterceptor({ trust: [own, shared] });
    expect(await call(interceptor, { "x-own": "ada" })).toEqual(ok());
    expect(await call(interceptor, { "x-internal-secret": "the-secret-of-orders" })).toEqual(ok("orders"));
    expect(own).not.toHaveProperty("internal");
  });
  describe("those of a scheme that is an instance of a class, which inherits members and has private ones", () => {
    class Keys implements AuthScheme {
      readonly name = "keys";
      readonly challenge = undefined;
      readonly trustedHeaders = [];
      readonly cache = {};
      readonly #keys = new Set(["k"]);
      verifications = 0;
      warmedUp = false;
      read({ header }: CredentialSource): Credential | undefined {
        const key = header.get("x-key");
        return key === null ? undefined : { key, verify: () => this.#verify(key) };
      }
      #verify(key: string): Awaited<ReturnType<Credential["verify"]>> {
        this.verifications++;
        if (!this.#keys.has(key)) throw new InvalidCredentialError("not a key");
        return { identity: { subject: "orders" }, vouchedBy: key };
      }
      isCurrent(key: string): boolean {
        return this.#keys.has(key);
      }
      async warmUp(): Promise<void> {
        this.warmedUp = true;
      }
      clear(): void {
        this.#keys.clear();
      }
    }
    test("by createInternalAuthInterceptor, remembered until what vouched for it goes", async () => {
      const keys = new Keys();
      const interceptor = createInternalAuthInterceptor({ trust: keys });
      expect(await call(interceptor, {})).toMatchObject(missing);
      expect(await call(interceptor, { "x-key": "x" })).toMatchObject(refused());
      for (let i = 0; i < 2; i++) expect(await call(interceptor, { "x-key": "k" })).toEqual(ok("orders"));
      expect(keys.verifications).toBe(2);
      keys.clear();
      expect(await call(interceptor, { "x-key": "k" })).toMatchObject(refused());
      expect(keys.verifications).toBe(3);
    });
    test("by createAuth, warmed up", async () => {
      const keys = new Keys();
      const users = credentials({ verifyCredentials: (subject) => ({ subject }) });
      const auth = createAuth({ policies: [EchoServicePolicy], authenticate: users, internal: keys });
      await auth.warmUp();
      expect(keys.warmedUp).toBe(true);
      const echo = createClient(EchoService, createRouterTransport(labRoutes(), { router: auth }));
      const callInternal = async (headers: HeadersInit) => (await echo.internalUnary({}, { headers })).subject;
      expect(await outcome(callInternal({ "x-key": "k" }))).toEqual(ok("orders"));
      expect(await outcome(callInternal({ authorization: "Bearer ada" }))).toMatchObject(missing);
    });
  });
  test("what is made for services says so itself", () => {
    const callers = { orders: "the-secret-of-orders" };
    const issuers = [{ issuer: "https://services.example.com", secret: TEST_JWT_SECRET, audience: "lab" }];
    const trusts = [
      sharedSecretTrust({ callers }),
      meshIdentityTrust({ allow: [orders], trustSource }),
      signedTokenTrust({ issuers }),
    ];
    expect(trusts.map(({ internal }) => internal)).toEqual([true, true, true]);
    expect(gateway({ trustSource }).internal).toBeUndefined();
  });
  test("and no others", async () => {
    const users = createAuthInterceptor({
      extractCredentials: (header) => header.get("x-own"),
      verifyCredentials: (subject) => ({ subject }),
    });
    expect(await call(users, { "x-own": "ada" })).toMatchObject({ code: "PermissionDenied", text: "Access denied" });
  });
});

describe("the methods it is for", () => {
  const shared = sharedSecretTrust({ callers: { orders: "the-secret-of-orders" } });
  const good = { "x-internal-secret": "the-secret-of-orders" };
  test.each([
    { methods: undefined, headers: good, want: ok("orders") },
    { methods: undefined, headers: {}, want: missing },
    { methods: ["lab.v1.EchoService/Unary"], headers: good, want: ok("orders") },
    { methods: ["lab.v1.EchoService/Unary"], headers: {}, want: missing },
    { methods: ["lab.v1.EchoService/InternalUnary"], headers: good, want: ok("") },
    { methods: ["lab.v1.EchoService/InternalUnary"], headers: { "x-internal-secret": "guess" }, want: ok("") },
    { methods: [], headers: {}, want: ok("") },
  ])("$methods with $headers", async ({ methods, headers, want }) => {
    const interceptor = createInternalAuthInterceptor({ trust: shared, ...(methods && { methods }) });
    expect(await tryIt(interceptor, headers as HeadersInit)).toMatchObject(want);
  });
});

test.each([null, undefined, "jwt", { name: "x" }])("%j in the list of trusts is refused at creation", (scheme) => {
  const make = () => createInternalAuthInterceptor({ trust: [scheme as never] });
  expect(make).toThrow(new TypeError(`trust: expected schemes such as jwt({...}), got ${typeof scheme}`));
});

test.each<[string, object]>([
  ["callers: expected the secret of at least one service, by its name", { callers: null }],
  ["callers.orders: set but empty; is an environment variable missing?", { callers: { orders: null } }],
  ["mapCaller: expected a function, got null", { callers: { orders: "the-secret-of-orders" }, mapCaller: null }],
  ["header: content-length is a header with a meaning of its own", { callers: {}, header: "Content-Length" }],
  ['header: expected the name of a header, got ""', { callers: {}, header: "" }],
])("%s", (message, options) => {
  expect(() => sharedSecretTrust(options as never)).toThrow(new TypeError(message));
});
