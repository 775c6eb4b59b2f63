import { createRouterTransport, type Transport } from "@connectrpc/connect";
import { createAuth, type DecisionEvent } from "@connectum/auth";
import { can } from "@connectum/auth/policy";
import { afterAll, beforeAll, beforeEach, describe, expect, expectTypeOf, test } from "vitest";
import { NoteServicePolicy } from "../gen/tenancy/v1/tenancy_auth.js";
import type { Note } from "../gen/tenancy/v1/tenancy_pb.js";
import { type Lab, startLab } from "../support/lab.js";
import { asCaller, jsonScheme, type Received, tenancyClients, tenancyRoutes } from "../support/tenancy.js";
import { outcome, streamOf } from "./callers.js";

const received: Received = { texts: [] };
const events: DecisionEvent[] = [];
const createServerAuth = () =>
  createAuth({
    policies: [NoteServicePolicy],
    authenticate: jsonScheme,
    onDecision: (event) => void events.push(event),
  });

const withTenant = (tenant: unknown) => asCaller({ subject: "ada", claims: tenant === undefined ? {} : { tenant } });

type Call = (transport: Transport, tenantId: string, headers: HeadersInit) => Promise<unknown> | AsyncIterable<unknown>;

/** Every kind of RPC, with the message that carries the tenant. */
const calls: Readonly<Record<string, Call>> = {
  unary: (transport, tenantId, headers) => tenancyClients(transport).notes.unary({ tenantId, text: "x" }, { headers }),
  serverStream: (transport, tenantId, headers) =>
    tenancyClients(transport).notes.serverStream({ tenantId, text: "x" }, { headers }),
  clientStream: (transport, tenantId, headers) =>
    tenancyClients(transport).notes.clientStream(streamOf({ tenantId, text: "x" }), { headers }),
  bidiStream: (transport, tenantId, headers) =>
    tenancyClients(transport).notes.bidiStream(streamOf({ tenantId, text: "x" }), { headers }),
  batch: (transport, tenantId, headers) =>
    tenancyClients(transport).notes.batch({ notes: [{ tenantId, text: "x" }] }, { headers }),
};

const fields = ["acme", "globex", ""];
const claims = ["acme", "globex", "", undefined, null, 0, false, [], {}, ["acme"], { tenant: "acme" }, "acme ", "Acme"];

describe.each([{ gate: true }, { gate: false }])("with gate: $gate", ({ gate }) => {
  let lab: Lab;
  beforeAll(async () => {
    const { interceptors, requestGate } = createServerAuth();
    const wiring = gate ? { interceptors, requestGate } : { interceptors };
    lab = await startLab(wiring, tenancyRoutes(received));
  });
  afterAll(() => lab.close());
  beforeEach(() => {
    received.texts.length = 0;
  });

  const transports = ["connect", "grpc", "grpc-web", "connect-h1", "router"] as const;
  const kinds = Object.keys(calls);
  const pairs = transports.flatMap((transport) => kinds.map((kind) => ({ transport, kind })));
  // HTTP/1.1 carries no bidirectional streams; the router of the lab has no tenancy services.
  test.each(
    pairs.filter(
      ({ transport, kind }) => transport !== "router" && !(transport === "connect-h1" && kind === "bidiStream"),
    ),
  )("$kind over $transport: only equal tenants that are not empty", async ({ transport, kind }) => {
    for (const field of fields) {
      for (const claim of claims) {
        received.texts.length = 0;
        const got = await outcome((calls[kind] as Call)(lab.transports[transport], field, withTenant(claim)));
        const isSame = field !== "" && field === claim;
        expect({ field, claim, got, received: received.texts }).toEqual({
          field,
          claim,
          got: isSame ? "ok" : "PermissionDenied",
          received: isSame ? ["x"] : [],
        });
      }
    }
  });
});

describe("in process", () => {
  const auth = createServerAuth();
  const transport = createRouterTransport(tenancyRoutes(received), { router: auth });
  const { notes } = tenancyClients(transport);
  beforeEach(() => {
    received.texts.length = 0;
    events.length = 0;
  });

  test("a stream ends at the first message of another tenant, which the handler does not receive", async () => {
    const stream = () =>
      streamOf({ tenantId: "acme", text: "1" }, { tenantId: "globex", text: "2" }, { tenantId: "acme", text: "3" });
    const headers = withTenant("acme");
    expect(await outcome(notes.clientStream(stream(), { headers }))).toBe("PermissionDenied");
    expect(received.texts).toEqual(["1"]);
    received.texts.length = 0;
    expect(await outcome(notes.bidiStream(stream(), { headers }))).toBe("PermissionDenied");
    expect(received.texts).toEqual(["1"]);
  });

  test("one item of another tenant refuses a batch", async () => {
    const headers = withTenant("acme");
    const batch = (...tenants: string[]) =>
      outcome(notes.batch({ notes: tenants.map((tenantId) => ({ tenantId, text: tenantId })) }, { headers }));
    expect(await batch("acme", "acme")).toBe("ok");
    expect(await batch("acme", "globex")).toBe("PermissionDenied");
    expect(await batch()).toBe("PermissionDenied");
    expect(received.texts).toEqual(["acme", "acme"]);
  });

  test("an anonymous caller is unauthenticated, and an exempt public method is open", async () => {
    expect(await outcome(notes.unary({ tenantId: "acme" }))).toBe("Unauthenticated");
    expect(await outcome(notes.quota({}))).toBe("Unauthenticated");
    expect(await outcome(notes.health({}))).toBe("ok");
  });

  test("a condition on the caller alone decides without a message", async () => {
    expect(await outcome(notes.quota({}, { headers: withTenant("acme") }))).toBe("ok");
    expect(await outcome(notes.quota({}, { headers: withTenant("") }))).toBe("PermissionDenied");
  });

  test("an empty stream of a caller without tenant is refused, although no message is", async () => {
    expect(await outcome(notes.clientStream(streamOf(), { headers: withTenant("acme") }))).toBe("ok");
    expect(await outcome(notes.clientStream(streamOf(), { headers: withTenant(undefined) }))).toBe("PermissionDenied");
  });

  test("the audit log names the condition; the client learns nothing", async () => {
    const headers = withTenant("acme");
    await expect(notes.unary({ tenantId: "globex" }, { headers })).rejects.toThrow("[permission_denied] Access denied");
    await expect.poll(() => events.length).toBe(1);
    expect(events[0]).toMatchObject({
      effect: "deny",
      decidedBy: "condition",
      reason: "condition",
      condition: "request.tenant_id == caller.claims.tenant",
      error: undefined,
    });
    events.length = 0;
    await notes.unary({ tenantId: "acme" }, { headers });
    await expect.poll(() => events.length).toBe(1);
    expect(events[0]).toMatchObject({ effect: "allow", decidedBy: "condition", condition: undefined });
  });
});

test("the gate refuses a caller without tenant before the message is read", async () => {
  const auth = createServerAuth();
  const header = new Headers(withTenant(undefined));
  const { createContextValues } = await import("@connectrpc/connect");
  const { NoteService } = await import("../gen/tenancy/v1/tenancy_pb.js");
  const context = (requestHeader: Headers) => ({
    method: NoteService.method.unary,
    requestHeader,
    values: createContextValues(),
    signal: new AbortController().signal,
  });
  await expect((async () => auth.requestGate(context(header) as never))()).rejects.toThrow("Access denied");
  await (async () => auth.requestGate(context(new Headers(withTenant("acme"))) as never))();
});

test("can() needs the request of a condition, and decides like the server", () => {
  const caller = { claims: { tenant: "acme" } };
  expect(can(NoteServicePolicy, "Unary", caller, { tenantId: "acme" })).toBe(true);
  expect(can(NoteServicePolicy, "Unary", caller, { tenantId: "globex" })).toBe(false);
  expect(can(NoteServicePolicy, "Unary", {}, { tenantId: "" })).toBe(false);
  expect(can(NoteServicePolicy, "Unary", undefined, { tenantId: "acme" })).toBe(false);
  // @ts-expect-error the request is missing
  expect(can(NoteServicePolicy, "Unary", caller)).toBe(false);
  // A message of another form is an error, which refuses.
  expect(can(NoteServicePolicy, "Unary", {}, {} as { tenantId: string })).toBe(false);
  expect(can(NoteServicePolicy, "Quota", caller)).toBe(true);
  expect(can(NoteServicePolicy, "Health", undefined)).toBe(true);
  type Read = Parameters<typeof NoteServicePolicy.methods.Unary.condition.holds>[1];
  expectTypeOf<Note>().toExtend<Read>();
  expectTypeOf<Read>().toEqualTypeOf<{ readonly tenantId: string }>();
});
