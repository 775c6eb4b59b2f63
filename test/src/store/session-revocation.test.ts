import {
  createAuth,
  createInternalAuthInterceptor,
  createRevocations,
  createSessionAuthInterceptor,
  credentials,
  gateway,
  meshIdentityTrust,
  type SessionOptions,
  session,
  sharedSecretTrust,
} from "@connectum/auth";
import { afterEach, describe, expect, test, vi } from "vitest";
import { EchoServicePolicy } from "../gen/lab/v1/lab_auth.js";
import { ok, refused, tryIt } from "../support/call.js";

afterEach(() => vi.restoreAllMocks());

interface Session {
  readonly id: string;
}

/** A framework that finds its sessions as many do: without quotes, decoded once, and without a signature. */
const find = (token: string | undefined): Session | undefined => {
  const plain = decodeURIComponent((token ?? "").replace(/^"(.*)"$/, "$1"));
  return plain === "" ? undefined : { id: plain.replace(/^s:/, "").replace(/\..*$/, "") };
};
const options: SessionOptions<Session> = {
  cookie: "sid",
  verifySession: find,
  mapSession: ({ id }) => ({ subject: "ada", claims: { jti: id } }),
};
const start = (more: Partial<SessionOptions<Session>> = {}) => {
  const revocations = createRevocations();
  const interceptor = createSessionAuthInterceptor({ ...options, ...more, revocations });
  return { revocations, call: (cookie: string) => tryIt(interceptor, { cookie: `sid=${cookie}` }) };
};

describe("revoke({ credential }) means a session's cookie in every spelling", () => {
  const spellings = ["a=b", '"a=b"', "a%3Db", "a%3db", '"a%3Db"', "%61=b", "%61%3D%62", "%22a=b%22"];
  test.each(spellings.flatMap((revoked) => spellings.map((sent) => [revoked, sent])))(
    "%s is revoked, %s is sent",
    async (revoked, sent) => {
      const { revocations, call } = start();
      expect(await call(sent)).toEqual(ok());
      await revocations.revoke({ credential: revoked });
      expect(await call(sent)).toMatchObject(refused());
      expect(await call("c=b")).toEqual(ok());
      expect(await call("a%3Dc")).toEqual(ok());
    },
  );
  test.each([
    ["abc=", "abc"],
    ["abc", "abc=="],
    ["s%3Aabc.sig%3D", "s:abc.sig"],
    ["%", "%"],
    ["a%", "a%"],
    ["%ff", "%ff"],
    ["ä", "%C3%A4"],
  ])("%s is revoked, %s is sent", async (revoked, sent) => {
    const { revocations, call } = start({ verifySession: () => ({ id: "x" }) });
    expect(await call(sent)).toEqual(ok());
    await revocations.revoke({ credential: revoked });
    expect(await call(sent)).toMatchObject(refused());
    expect(await call("other")).toEqual(ok());
  });
  test("by Bearer as well", async () => {
    const revocations = createRevocations();
    const interceptor = createSessionAuthInterceptor({ ...options, revocations });
    await revocations.revoke({ credential: "abc" });
    expect(await tryIt(interceptor, { authorization: "Bearer abc" })).toMatchObject(refused());
    expect(await tryIt(interceptor, { authorization: "Bearer abd" })).toEqual(ok());
  });
  test("and a spelling that takes long to decode is not", async () => {
    const { revocations, call } = start({ verifySession: () => ({ id: "x" }) });
    await revocations.revoke({ credential: "abc" });
    const start_ = process.cpuUsage().user;
    expect(await call(`%${"25".repeat(5_000)}61bc`)).toEqual(ok());
    expect(await call("=".repeat(10_000))).toEqual(ok());
    expect(process.cpuUsage().user - start_).toBeLessThan(2_000_000);
  });
});

describe("revoke({ tokenId }) means a session by the id that the framework has", () => {
  test.each(["abc", '"abc"', "%61bc", "s%3Aabc.signature", "s:abc.another"])("%s is sent", async (sent) => {
    const { revocations, call } = start();
    expect(await call(sent)).toEqual(ok());
    await revocations.revoke({ tokenId: "abc" });
    expect(await call(sent)).toMatchObject(refused());
    expect(await call("abd")).toEqual(ok());
  });
  test("where the framework reads other headers as well", async () => {
    const revocations = createRevocations();
    const interceptor = createSessionAuthInterceptor<Session>({
      verifySession: (_, headers) => find(headers.get("x-session") ?? undefined),
      mapSession: options.mapSession,
      revocations,
    });
    const as = (id: string) => ({ cookie: "theme=dark", "x-session": id });
    await revocations.revoke({ tokenId: "abc" });
    expect(await tryIt(interceptor, as("abc"))).toMatchObject(refused());
    expect(await tryIt(interceptor, as("abd"))).toEqual(ok());
  });
});

describe("revoke({ credential }) where no scheme knows its credential", () => {
  const { cookie: _, ...ownReading } = options;
  const secret = "the-secret-of-the-gateway";
  const trustSource = { header: "x-secret", secrets: secret };
  const policies = [EchoServicePolicy];
  const remedy =
    "use { subject }, or { tokenId } with the session's id as the claim jti; session({ cookie }) knows its credential";

  test.each([
    { name: "session", authenticate: session(ownReading) },
    { name: "web", authenticate: session({ ...ownReading, name: "web", bearer: false }) },
    { name: "gateway", authenticate: gateway({ trustSource }) },
    { name: "gateway, session", authenticate: [gateway({ trustSource }), session(ownReading)] },
  ])("is refused: $name", async ({ name, authenticate }) => {
    const auth = createAuth({ policies, authenticate });
    const error = new TypeError(`revoke: { credential } covers no caller of ${name}: ${remedy}`);
    await expect(auth.revoke({ credential: "abc" })).rejects.toThrow(error);
    await expect(auth.revoke({ subject: "ada" })).resolves.toBeUndefined();
    await expect(auth.revoke({ tokenId: "abc" })).resolves.toBeUndefined();
  });
  test("is refused by revocations that interceptors share", async () => {
    const revocations = createRevocations();
    createSessionAuthInterceptor({ ...ownReading, revocations });
    createInternalAuthInterceptor({
      trust: meshIdentityTrust({ allow: ["spiffe://lab/a"], trustSource }),
      revocations,
    });
    await expect(revocations.revoke({ credential: "abc" })).rejects.toThrow(TypeError);
    createInternalAuthInterceptor({ trust: sharedSecretTrust({ callers: { orders: secret } }), revocations });
    vi.spyOn(console, "warn").mockImplementation(() => {});
    await expect(revocations.revoke({ credential: "abc" })).resolves.toBeUndefined();
  });
  test("is said on the log beside a scheme that does, whose credential is revoked", async () => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
    const keys = credentials({
      extractCredentials: (header) => header.get("x-key"),
      verifyCredentials: (subject) => ({ subject }),
    });
    const auth = createAuth({ policies, authenticate: [keys, session(ownReading)] });
    await auth.revoke({ credential: "ada" });
    expect(warn.mock.calls).toEqual([
      [`@connectum/auth: revoke({ credential }) does not refuse callers of session: ${remedy}`],
    ]);
    expect(await tryIt(auth.interceptors, { "x-key": "ada" })).toMatchObject(refused());
    expect(await tryIt(auth.interceptors, { "x-key": "eve" })).toEqual(ok("eve"));
  });
  test("and is silent where gateways and meshes stand beside one that does", async () => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
    const internal = meshIdentityTrust({ allow: ["spiffe://lab/a"], trustSource });
    const auth = createAuth({ policies, authenticate: [session(options), gateway({ trustSource })], internal });
    await auth.revoke({ credential: "abc" });
    expect(warn).not.toHaveBeenCalled();
    expect(await tryIt(auth.interceptors, { cookie: "sid=abc" })).toMatchObject(refused());
  });
});

test("revoke({ credential }) means the secret of a service", async () => {
  const revocations = createRevocations();
  const trust = sharedSecretTrust({ callers: { orders: ["the-first-secret-of-orders", "the-second-secret"] } });
  const interceptor = createInternalAuthInterceptor({ trust, revocations });
  const by = (secret: string) => tryIt(interceptor, { "x-internal-secret": secret });
  await revocations.revoke({ credential: "the-first-secret-of-orders" });
  expect(await by("the-first-secret-of-orders")).toMatchObject(refused());
  expect(await by("the-second-secret")).toEqual(ok("orders"));
});

describe("a framework that reads the headers itself sees the credential that counts, and no other", () => {
  /** By its own parser, which is lenient: the last cookie of the name counts, and the cookie before the token. */
  const inHeaders = (headers: Headers): Session | undefined => {
    const pairs = (headers.get("cookie") ?? "").split(";").map((pair) => pair.trim().split(/\s*=/));
    const id = pairs.reverse().find(([name]) => name === "sid")?.[1] ?? headers.get("authorization")?.split(" ")[1];
    return id === undefined ? undefined : { id };
  };
  const startWith = (more: Partial<SessionOptions<Session>>) => {
    const revocations = createRevocations();
    const verifySession = vi.fn((_: string | undefined, headers: Headers) => inHeaders(headers));
    const interceptor = createSessionAuthInterceptor({ ...options, verifySession, ...more, revocations });
    return { revocations, verifySession, call: (headers: HeadersInit) => tryIt(interceptor, headers) };
  };
  const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

  describe.each<[string, Partial<SessionOptions<Session>>]>([
    ["without a cache", {}],
    ["with a cache", { cache: {} }],
  ])("%s", (_, more) => {
    test.each<[string, Record<string, string>]>([
      ["beside a Bearer token", { ...bearer("x"), cookie: "sid=stolen" }],
      ["beside a cookie with a space after its name", { cookie: "sid=x; sid =stolen" }],
      ["beside a cookie with other white space around its name", { cookie: "sid=x;\u00a0sid=stolen" }],
    ])("a session that was revoked is not found %s", async (_, headers) => {
      const seen: string[] = [];
      const mapSession = ({ id }: Session) => {
        seen.push(id);
        return { subject: "ada" };
      };
      const { revocations, call } = startWith({ ...more, mapSession });
      await revocations.revoke({ credential: "stolen" });
      expect(await call({ cookie: "sid=stolen" })).toMatchObject(refused());
      seen.splice(0);
      const found = await call(headers);
      // Whatever the framework takes it for, it is not the session that was revoked.
      expect(seen).not.toContain("stolen");
      expect(found).toEqual(ok());
    });
    test("so that no other credential than the one that can be revoked is verified", async () => {
      const { verifySession, call } = startWith(more);
      await call({ ...bearer("b"), cookie: "theme=dark; sid=c", "x-auth-subject": "eve" });
      await call({ authorization: "Basic YTpi", cookie: "theme=dark; sid=c;\u00a0sid=d; sid =e; xsid=f; sid" });
      expect(verifySession.mock.calls.map(([token, headers]) => [token, ...[...headers].flat()])).toEqual(
        [
          ["b", "authorization", "Bearer b"],
          ["c", "cookie", "theme=dark; sid=c; xsid=f"],
        ].map((expected) => expect.arrayContaining(expected)),
      );
      for (const [, headers] of verifySession.mock.calls)
        expect([headers.has("cookie"), headers.has("x-auth-subject")]).toEqual([!headers.has("authorization"), false]);
    });
  });
  test("both, where it alone knows which counts", async () => {
    const { cookie: _, ...ownReading } = options;
    const seen: Headers[] = [];
    const verifySession = (_: string | undefined, headers: Headers) => {
      seen.push(headers);
      return inHeaders(headers);
    };
    await tryIt(createSessionAuthInterceptor({ ...ownReading, verifySession }), { ...bearer("b"), cookie: "sid=c" });
    expect([seen[0]?.get("authorization"), seen[0]?.get("cookie")]).toEqual(["Bearer b", "sid=c"]);
  });
});
