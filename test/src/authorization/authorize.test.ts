import { isMessage } from "@bufbuild/protobuf";
import { createClient } from "@connectrpc/connect";
import { type AuthzRequest, createAuth, createAuthzInterceptor, createProtoAuthzInterceptor } from "@connectum/auth";
import { describe, expect, test } from "vitest";
import { AccessServicePolicy } from "../gen/lab/v1/lab_auth.js";
import { GetRequestSchema, ListRequestSchema, PlainService } from "../gen/lab/v1/lab_pb.js";
import { labRoutes, protocols, startLab } from "../support/lab.js";
import { as, collect, inProcess, outcome, streamOf, userScheme } from "./callers.js";

describe("only true allows, also in plain JavaScript", () => {
  const answers: readonly { name: string; answer: () => unknown; want: string }[] = [
    { name: "true", answer: () => true, want: "ok" },
    { name: "a promise of true", answer: async () => true, want: "ok" },
    { name: "false", answer: () => false, want: "PermissionDenied" },
    { name: "a promise of false", answer: async () => false, want: "PermissionDenied" },
    { name: "undefined", answer: () => undefined, want: "PermissionDenied" },
    { name: "a promise of undefined", answer: async () => {}, want: "PermissionDenied" },
    { name: "a word", answer: () => "no", want: "PermissionDenied" },
    { name: "another word", answer: () => "true", want: "PermissionDenied" },
    { name: "a number", answer: () => 1, want: "PermissionDenied" },
    { name: "an object", answer: () => ({ allowed: false }), want: "PermissionDenied" },
    { name: "a Boolean object", answer: () => new Boolean(true), want: "PermissionDenied" },
    { name: "a function", answer: () => () => true, want: "PermissionDenied" },
    { name: "an error", answer: () => Promise.reject(new Error("database is down")), want: "PermissionDenied" },
    {
      name: "an error at once",
      answer: () => {
        throw new Error("database is down");
      },
      want: "PermissionDenied",
    },
  ];
  test.each(answers)("$name", async ({ answer, want }) => {
    const authorize = answer as () => boolean;
    const proto = inProcess(createProtoAuthzInterceptor({ policies: [AccessServicePolicy], authorize }));
    expect(await outcome(proto.access.unspecified({}, { headers: as("right") }))).toBe(want);
    const bare = inProcess(createAuthzInterceptor({ authorize }));
    expect(await outcome(bare.plain.get({}, { headers: as("right") }))).toBe(want);
    expect(await outcome(bare.plain.list({}, { headers: as("right") }))).toBe(want);
  });
});

test("an identity is needed before anything is asked", async () => {
  let asked = 0;
  const authorize = () => {
    asked++;
    return true;
  };
  const { access, plain } = inProcess(createProtoAuthzInterceptor({ policies: [AccessServicePolicy], authorize }));
  expect(await outcome(plain.get({}))).toBe("Unauthenticated");
  expect(await outcome(access.unspecified({}))).toBe("Unauthenticated");
  expect(asked).toBe(0);
  expect(await outcome(plain.get({}, { headers: as("wrong") }))).toBe("ok");
  expect(asked).toBe(1);
});

test("what a table or a rule decides is not asked", async () => {
  let asked = 0;
  const { access, plain } = inProcess(
    createProtoAuthzInterceptor({
      policies: [AccessServicePolicy],
      rules: [
        { name: "plain", effect: "deny", methods: ["lab.v1.PlainService/*", "lab.v1.AccessService/Unspecified"] },
      ],
      authorize: () => Boolean(++asked),
    }),
  );
  expect(await outcome(access.role({}, { headers: as("wrong") }))).toBe("PermissionDenied");
  expect(await outcome(access.role({}, { headers: as("right") }))).toBe("ok");
  expect(await outcome(plain.get({}, { headers: as("right") }))).toBe("PermissionDenied");
  expect(asked).toBe(0);
});

describe.each(protocols)("over %s", (protocol) => {
  test("the request tells the service, the method, the headers, the values and the message", async () => {
    const seen: AuthzRequest[] = [];
    const auth = createAuth({
      policies: [AccessServicePolicy],
      authenticate: userScheme,
      authorize: (context, request) => {
        seen.push(request);
        if (context.subject !== "right") return false;
        const { message } = request;
        if (isMessage(message, GetRequestSchema) || isMessage(message, ListRequestSchema))
          return message.text === "mine";
        return false;
      },
    });
    const lab = await startLab({ interceptors: [...auth.interceptors], requestGate: auth.requestGate }, labRoutes());
    try {
      const client = createClient(PlainService, lab.transports[protocol]);
      const headers = { ...as("right"), "x-tenant": "blue" };
      for (const text of ["mine", "yours"]) {
        const want = text === "mine" ? "ok" : "PermissionDenied";
        expect(await outcome(client.get({ text }, { headers }))).toBe(want);
        expect(await outcome(client.list({ text }, { headers }))).toBe(want);
        expect(await outcome(client.get({ text }, { headers: as("wrong") }))).toBe("PermissionDenied");
      }
      // Asked once for each call, with the gate and the interceptor both installed.
      expect(seen).toHaveLength(6);
      expect(seen.slice(0, 2).map(({ service, method }) => `${service}/${method}`)).toEqual([
        "lab.v1.PlainService/Get",
        "lab.v1.PlainService/List",
      ]);
      expect(seen[0]?.header.get("x-tenant")).toBe("blue");
      expect(seen[0]?.signal).toBeInstanceOf(AbortSignal);
      // The handler got the message that was peeked at.
      const [answer] = await collect(client.list({ text: "mine" }, { headers }));
      expect(answer).toMatchObject({ text: "mine", subject: "right", current: "right" });
    } finally {
      await lab.close();
    }
  });
});

test("a client's stream is not waited for: authorize is asked before the first message", async () => {
  const seen: unknown[] = [];
  const { echo } = inProcess(
    createAuthzInterceptor({
      authorize: ({ subject }, { method, message }) => {
        seen.push([method, message]);
        return subject === "right";
      },
    }),
  );
  const messages = () => streamOf({ text: "a" }, { text: "b" });
  const answer = await echo.clientStream(messages(), { headers: as("right") });
  expect(answer.text).toBe("ab");
  expect(await outcome(echo.clientStream(messages(), { headers: as("wrong") }))).toBe("PermissionDenied");
  expect(await outcome(echo.bidiStream(messages(), { headers: as("right") }))).toBe("ok");
  expect(await outcome(echo.bidiStream(messages(), { headers: as("wrong") }))).toBe("PermissionDenied");
  expect(seen).toEqual([
    ["ClientStream", undefined],
    ["ClientStream", undefined],
    ["BidiStream", undefined],
    ["BidiStream", undefined],
  ]);
});

test("a server-streaming call without a message is not decided", async () => {
  let asked = 0;
  const lab = await startLab(
    {
      interceptors: [
        ...createAuth({ policies: [], authenticate: userScheme, authorize: () => Boolean(++asked) }).interceptors,
      ],
    },
    labRoutes(),
  );
  try {
    const response = await fetch(`${lab.http1Url}/lab.v1.PlainService/List`, {
      method: "POST",
      headers: { "content-type": "application/connect+json", ...as("right") },
      body: "",
    });
    expect(await response.text()).toContain(
      '{"error":{"code":"unimplemented","message":"protocol error: missing input message"}',
    );
    expect(asked).toBe(0);
  } finally {
    await lab.close();
  }
});
