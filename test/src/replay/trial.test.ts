import { createRouterTransport } from "@connectrpc/connect";
import { type CreateAuthOptions, createAuth, createTrial, type TrialDifference } from "@connectum/auth";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { outcome, streamOf } from "../authorization/callers.js";
import { AccountServicePolicy, NoteServicePolicy } from "../gen/tenancy/v1/tenancy_auth.js";
import { asCaller, jsonScheme, tenancyClients, tenancyRoutes } from "../support/tenancy.js";

const condition = {
  cel: "request.text != 'secret'",
  holds: (_: unknown, { text }: { readonly text: string }) => text !== "secret",
};
const withText = {
  ...NoteServicePolicy,
  methods: { ...NoteServicePolicy.methods, Unary: { access: "allow", condition } },
} as const;

let differences: TrialDifference[] = [];
let warn: ReturnType<typeof vi.spyOn>;
beforeEach(() => {
  differences = [];
  warn = vi.spyOn(console, "warn").mockImplementation(() => {});
});
afterEach(() => warn.mockRestore());

function serve(trial: CreateAuthOptions["trial"], more: Partial<CreateAuthOptions> = {}) {
  const auth = createAuth({
    policies: [NoteServicePolicy],
    authenticate: jsonScheme,
    ...(trial && { trial }),
    ...more,
  });
  return tenancyClients(createRouterTransport(tenancyRoutes({ texts: [] }), { router: auth })).notes;
}
const options = { headers: asCaller({ subject: "ada", claims: { tenant: "acme" } }) };
const onDifference = (difference: TrialDifference) => void differences.push(difference);
const settle = () => new Promise(setImmediate);

test("a condition on trial is decided on the message, and the call goes on as today", async () => {
  const notes = serve(createTrial({ policies: [withText], onDifference }));
  expect(await outcome(notes.unary({ tenantId: "acme", text: "hello" }, options))).toBe("ok");
  expect(await outcome(notes.unary({ tenantId: "acme", text: "secret" }, options))).toBe("ok");
  expect(await outcome(notes.unary({ tenantId: "globex", text: "hello" }, options))).toBe("PermissionDenied");
  expect(await outcome(notes.unary({ tenantId: "globex", text: "secret" }, options))).toBe("PermissionDenied");
  expect(await outcome(notes.unary({ tenantId: "acme", text: "hello" }))).toBe("Unauthenticated");
  await settle();
  const base = { service: "tenancy.v1.NoteService", method: "Unary", subject: "ada" };
  expect(differences).toEqual([
    { ...base, effect: "allow", trial: "deny", reason: "condition" },
    { ...base, effect: "deny", trial: "allow", reason: undefined },
  ]);
});

test("a stream of requests is undecided, since its messages come later", async () => {
  const next = {
    ...NoteServicePolicy,
    methods: { ...NoteServicePolicy.methods, ClientStream: { access: "allow", condition } },
  } as const;
  const notes = serve(createTrial({ policies: [next], onDifference }));
  expect(await outcome(notes.clientStream(streamOf({ tenantId: "acme", text: "secret" }), options))).toBe("ok");
  await settle();
  expect(differences).toMatchObject([{ method: "ClientStream", effect: "allow", trial: "undecided" }]);
});

test("a trial works without onDecision, beside it, and beside decisionRecords", async () => {
  const trial = createTrial({ policies: [withText], onDifference });
  const records: boolean[] = [];
  const onDecision = (event: object) => void records.push("record" in event);
  const secret = { tenantId: "acme", text: "secret" };
  await outcome(serve(trial, { onDecision }).unary(secret, options));
  await outcome(serve(trial, { onDecision, decisionRecords: true }).unary(secret, options));
  await outcome(serve(trial, { onDecision, decisionEvents: "denied" }).unary(secret, options));
  await settle();
  expect(differences).toHaveLength(3);
  expect(records).toEqual([false, true]);
});

describe("a trial changes nothing", () => {
  test.each([
    { name: "onDifference throws", onDifference: () => Promise.reject(new Error("bug")), warnings: 1 },
    { name: "onDifference never answers", onDifference: () => new Promise<void>(() => {}), warnings: 0 },
  ])("$name", async ({ onDifference, warnings }) => {
    const notes = serve(createTrial({ policies: [withText], onDifference }));
    for (let i = 0; i < 2; i++) {
      expect(await outcome(notes.unary({ tenantId: "acme", text: "secret" }, options))).toBe("ok");
      expect(await outcome(notes.unary({ tenantId: "globex" }, options))).toBe("PermissionDenied");
    }
    await settle();
    expect(warn).toHaveBeenCalledTimes(warnings);
  });

  test("a condition that throws denies in the trial alone", async () => {
    const broken = { ...condition, holds: () => JSON.parse("no JSON") };
    const next = {
      ...withText,
      methods: { ...withText.methods, Unary: { access: "allow", condition: broken } },
    } as const;
    const notes = serve(createTrial({ policies: [next], onDifference }));
    expect(await outcome(notes.unary({ tenantId: "acme" }, options))).toBe("ok");
    await settle();
    expect(differences).toMatchObject([{ effect: "allow", trial: "deny", reason: "condition" }]);
  });

  test("tables that are changed after the creation have no effect", async () => {
    const next = structuredClone({ typeName: NoteServicePolicy.typeName, methods: { Quota: { access: "deny" } } });
    const notes = serve(createTrial({ policies: [next as never], onDifference }));
    next.methods.Quota.access = "public";
    expect(await outcome(notes.quota({}, options))).toBe("ok");
    await settle();
    expect(differences).toMatchObject([{ method: "Quota", trial: "deny" }]);
  });
});

describe("a misconfiguration is a TypeError", () => {
  test.each<[string, () => unknown, string]>([
    ["no tables", () => createTrial({ onDifference } as never), "policies: expected generated tables"],
    ["a table outside a list", () => createTrial({ policies: NoteServicePolicy, onDifference } as never), "policies: "],
    ["no function", () => createTrial({ policies: [] } as never), "onDifference: expected a function"],
    [
      "a misspelt option",
      () => createTrial({ policies: [], onDifferences: onDifference } as never),
      "onDifferences: unknown option of createTrial. Did you mean onDifference?",
    ],
    ["tables as trial", () => serve({ policies: [withText] }), "trial: expected the result of createTrial()"],
    [
      "permissions on a resource, without a function in grants",
      () => serve(createTrial({ policies: [AccountServicePolicy], onDifference })),
      "grants: tenancy.v1.AccountService/Read needs permissions on the resource account_id",
    ],
  ])("%s", (_, create, message) => {
    expect(create).toThrow(TypeError);
    expect(create).toThrow(message);
  });
});
