import { createRouterTransport } from "@connectrpc/connect";
import { type CreateAuthOptions, createAuth, type DecisionEvent, type ServicePolicy } from "@connectum/auth";
import { replay } from "@connectum/auth/testing";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { outcome } from "../authorization/callers.js";
import { AccountServicePolicy, DocumentServicePolicy, NoteServicePolicy } from "../gen/tenancy/v1/tenancy_auth.js";
import { asCaller, jsonScheme, tenancyClients, tenancyRoutes } from "../support/tenancy.js";

const policies: readonly ServicePolicy[] = [NoteServicePolicy, AccountServicePolicy, DocumentServicePolicy];
const service = "tenancy.v1.DocumentService";

/** The tables with other rows for the documents. */
function changed(methods: ServicePolicy["methods"]): readonly ServicePolicy[] {
  return policies.map((policy) =>
    policy === DocumentServicePolicy ? { ...policy, methods: { ...policy.methods, ...methods } } : policy,
  );
}

const grants: NonNullable<CreateAuthOptions["grants"]> = ({ subject }, { resource }) =>
  subject === "ada" && resource !== "locked" ? ["docs.read", "account.read"] : [];

/** The decision events of some calls to a real server. */
async function record(options: Partial<CreateAuthOptions> = {}, roles: string[] = []): Promise<DecisionEvent[]> {
  const events: DecisionEvent[] = [];
  const auth = createAuth({
    policies,
    authenticate: jsonScheme,
    grants,
    onDecision: (event) => void events.push(event),
    decisionRecords: true,
    ...options,
  });
  const { accounts, documents, notes } = tenancyClients(
    createRouterTransport(tenancyRoutes({ texts: [] }), { router: auth }),
  );
  const as = (subject: string) => ({ headers: asCaller({ subject, roles, claims: { tenant: "acme" } }) });
  await outcome(documents.read({}));
  for (const subject of ["ada", "bob", "bob"]) await outcome(documents.read({}, as(subject)));
  for (const accountId of ["1", "locked", ""]) await outcome(accounts.read({ accountId }, as("ada")));
  for (const tenantId of ["acme", "globex"]) await outcome(notes.unary({ tenantId }, as("bob")));
  await outcome(notes.health({}));
  await new Promise(setImmediate);
  return events;
}

let lines: string[] = [];
beforeEach(async () => {
  lines = (await record()).map((event) => JSON.stringify(event));
});

test("an event has a record only if the server opted in, and the record has neither claims nor the message", async () => {
  const [, , event] = await record();
  expect(event?.record).toEqual({
    access: "requires",
    permissions: ["docs.read"],
    anyPermissions: undefined,
    condition: undefined,
    resourcePath: undefined,
    credentials: undefined,
    time: expect.any(Number),
    caller: {
      ...{ roles: [], scopes: [], permissions: [], held: [], internal: false },
      ...{ scheme: "credentials", acr: undefined, authTime: undefined },
    },
  });
  const without = await record({ decisionRecords: false });
  expect(without.map((one) => "record" in one)).toEqual(without.map(() => false));
});

test("the same tables decide every call as before", async () => {
  const { calls, differences, undecided, text } = await replay(policies, lines);
  expect({ calls, differences, undecided }).toEqual({ calls: lines.length, differences: [], undecided: [] });
  expect(text).toBe("10 calls: 10 decided as before, 0 now allowed, 0 now denied, 0 undecided.\n");
});

test("calls that are decided otherwise are named by method and caller, with their lines", async () => {
  const result = await replay(
    changed({ Read: { access: "requires", roles: [], scopes: [], permissions: ["docs.write"] } }),
    lines,
  );
  expect(result.differences).toEqual([
    {
      ...{ method: `${service}/Read`, subject: "ada", before: "allow", after: "deny", reason: "missing-permission" },
      calls: [2],
    },
  ]);
  const open = await replay(changed({ Read: { access: "allow" } }), lines);
  expect(open.differences).toEqual([
    { method: `${service}/Read`, subject: "bob", before: "deny", after: "allow", reason: undefined, calls: [3, 4] },
  ]);
  expect(open.text).toBe(
    `10 calls: 8 decided as before, 2 now allowed, 0 now denied, 0 undecided.\n\nNow allowed\n  2  ${service}/Read  bob (2)\n`,
  );
});

test("a call is undecided if its record lacks the part that decides now", async () => {
  const condition = { cel: "caller.subject == 'ada'", holds: () => true };
  const { differences, undecided } = await replay(changed({ Read: { access: "allow", condition } }), lines);
  expect(differences).toEqual([]);
  expect(undecided.map(({ subject, before, reason, calls }) => ({ subject, before, reason, calls }))).toEqual([
    { subject: "ada", before: "allow", reason: "condition", calls: [2] },
    { subject: "bob", before: "deny", reason: "condition", calls: [3, 4] },
  ]);
});

test("new permissions of roles are tried by the option grants", async () => {
  const grantsByRole = { reader: ["docs.read"] };
  const tables = [NoteServicePolicy, DocumentServicePolicy];
  const events = await record({ policies: tables, grants: {} }, ["reader"]);
  expect((await replay(tables, events)).differences).toEqual([]);
  const { differences } = await replay(tables, events, { grants: grantsByRole });
  expect(differences).toMatchObject([
    { method: `${service}/Read`, subject: "ada", after: "allow", calls: [2] },
    { method: `${service}/Read`, subject: "bob", after: "allow", calls: [3, 4] },
  ]);
});

test("events come from a list, an async source, and files with empty lines; the lines are counted", async () => {
  const tables = changed({ Read: { access: "deny" } });
  async function* source() {
    yield* lines;
  }
  const file = `\n${lines.join("\n")}\n`.split("\n");
  expect((await replay(tables, source())).differences).toMatchObject([{ subject: "ada", calls: [2] }]);
  expect((await replay(tables, file)).differences).toMatchObject([{ subject: "ada", calls: [3] }]);
  expect(await replay(tables, [])).toMatchObject({ calls: 0, differences: [] });
});

describe("a malformed event is a TypeError with its position", () => {
  const event = { service, method: "Read", effect: "allow", decidedBy: "table", record: { access: "public" } };
  const caller = { roles: [], scopes: [], permissions: [], internal: false };
  const withCaller = (more: object) => ({ ...event, subject: "ada", record: { caller: { ...caller, ...more } } });
  test.each<{ name: string; line: string | object; message: string }>([
    { name: "no JSON", line: "allowed", message: "events, number 2: not JSON" },
    { name: "a line of another log", line: '{"level":30}', message: "events, number 2: not an event of onDecision" },
    { name: "null", line: "null", message: "not an event of onDecision" },
    { name: "another effect", line: { ...event, effect: "ALLOW" }, message: "not an event of onDecision" },
    { name: "a list as method", line: { ...event, method: ["Read"] }, message: "not an event of onDecision" },
    { name: "no record", line: { ...event, record: undefined }, message: "has no record. Set decisionRecords: true" },
    { name: "an unknown access", line: { ...event, record: { access: "Public" } }, message: "record: expected" },
    { name: "a subject of another type", line: { ...event, subject: 1 }, message: "subject: expected a string" },
    { name: "roles as a text", line: withCaller({ roles: "admin" }), message: "record.caller: expected" },
    { name: "roles left out", line: withCaller({ roles: undefined }), message: "record.caller: expected" },
    { name: "internal as a text", line: withCaller({ internal: "no" }), message: "record.caller: expected" },
    { name: "no subject", line: { ...withCaller({}), subject: undefined }, message: "record.caller: expected" },
  ])("$name", async ({ line, message }) => {
    await expect(replay(policies, [event, line])).rejects.toThrow(TypeError);
    await expect(replay(policies, [event, line])).rejects.toThrow(message);
    await expect(replay(policies, [event, withCaller({})])).resolves.toMatchObject({ calls: 2 });
  });

  test.each<[object, string]>([
    [{ rule: [] }, "rule: unknown option of replay. Did you mean rules?"],
    [{ defaultPolicy: "Deny" }, 'defaultPolicy: expected "allow" or "deny"'],
    [{ grants: { a: ["docs.raed"] } }, 'grants.a: no table has the permission "docs.raed". Did you mean "docs.read"?'],
    [{ optionalMethods: ["Read"] }, 'optionalMethods: "Read" is not a method pattern'],
  ])("options: %j", async (options, message) => {
    await expect(replay(policies, [], options)).rejects.toThrow(message);
  });
});

test("names from outside are data", async () => {
  const event = (subject: string, method: string) => ({
    ...{ service: "x.S", method, subject, effect: "allow", decidedBy: "table" },
    record: { access: "allow", caller: { roles: ["__proto__"], scopes: [], permissions: [], internal: false } },
  });
  const table = { typeName: "x.S", methods: JSON.parse('{"__proto__": {"access": "deny"}}') };
  const events = [event("a\nNow denied", "__proto__"), event("\u202eb", "constructor")];
  const { text, differences } = await replay([table], events);
  expect(differences.map(({ method, reason }) => `${method} ${reason}`)).toEqual([
    "x.S/__proto__ deny",
    "x.S/constructor missing-row",
  ]);
  expect(text).toContain('"a\\nNow denied" (1)');
  expect(text.split("\n")).toHaveLength(6);
});

describe("the text", () => {
  let warn: ReturnType<typeof vi.spyOn>;
  beforeEach(() => {
    warn = vi.spyOn(console, "warn").mockImplementation(() => {});
  });
  afterEach(() => warn.mockRestore());

  test("has the busiest methods and callers first, and counts the callers that it leaves out", async () => {
    const event = (method: string, subject: string | undefined) => ({
      ...{ service, method, subject, effect: "allow", decidedBy: "table" },
      record: { access: "allow", caller: subject && { roles: [], scopes: [], permissions: [], internal: false } },
    });
    const events = [
      ...["a", "b", "c", "d", "e", "f", "f", "g"].map((subject) => event("Write", subject)),
      ...Array.from({ length: 10 }, () => event("Read", undefined)),
    ];
    const { text } = await replay(changed({ Read: { access: "deny" }, Write: { access: "deny" } }), events);
    expect(text).toBe(`18 calls: 0 decided as before, 0 now allowed, 18 now denied, 0 undecided.

Now denied
  10  ${service}/Read   deny  anonymous (10)
   8  ${service}/Write  deny  f (2), a (1), b (1), c (1), d (1), 2 more
`);
  });
});
