import { clone, createFileRegistry, type DescService } from "@bufbuild/protobuf";
import { FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError, createClient, createContextValues, type Interceptor } from "@connectrpc/connect";
import {
  authContextKey,
  authorizeMethods,
  createAuth,
  createProtoAuthzInterceptor,
  type DecisionEvent,
  type MethodChecks,
  type ServiceChecks,
} from "@connectum/auth";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { AccessServicePolicy, EchoServicePolicy } from "../gen/lab/v1/lab_auth.js";
import { AccessService, EchoService, PlainService } from "../gen/lab/v1/lab_pb.js";
import { type Lab, labRoutes, protocols, startLab } from "../support/lab.js";
import { as, collect, inProcess, outcome, streamOf, userScheme } from "./callers.js";

const policies = [AccessServicePolicy, EchoServicePolicy];

describe("a check comes on top of the table", () => {
  const asked: string[] = [];
  const events: DecisionEvent[] = [];
  let lab: Lab;
  beforeAll(async () => {
    const auth = createAuth({
      policies,
      authenticate: userScheme,
      onDecision: (event) => void events.push(event),
      checks: [
        authorizeMethods(AccessService, {
          role: (caller, request) => {
            asked.push(`${caller.subject} ${request.text}`);
            if (request.text === "broken") throw new Error("no such order");
            return request.text === caller.subject;
          },
          deny: () => true,
          unspecified: () => true,
        }),
        authorizeMethods(EchoService, {
          serverStream: async (caller, request) => request.text === caller.subject,
          clientStream: (_, { header }) => header.get("x-tenant") === "blue",
          bidiStream: {
            open: (_, { header }) => header.get("x-tenant") === "blue",
            message: async (caller, message) => message.text === caller.subject,
          },
        }),
      ],
    });
    lab = await startLab({ interceptors: [...auth.interceptors], requestGate: auth.requestGate }, labRoutes());
  });
  afterAll(() => lab.close());

  describe.each(protocols)("over %s", (protocol) => {
    const headers = { ...as("right"), "x-tenant": "blue" };
    const clients = () => ({
      access: createClient(AccessService, lab.transports[protocol]),
      echo: createClient(EchoService, lab.transports[protocol]),
    });

    test.each([
      { name: "table and check say yes", caller: "right", text: "right", want: "ok", asks: true },
      { name: "the check says no", caller: "right", text: "wrong", want: "PermissionDenied", asks: true },
      { name: "the check throws", caller: "right", text: "broken", want: "PermissionDenied", asks: true },
      { name: "the table says no", caller: "wrong", text: "wrong", want: "PermissionDenied", asks: false },
      { name: "anonymous", caller: undefined, text: "right", want: "Unauthenticated", asks: false },
    ])("unary: $name", async ({ caller, text, want, asks }) => {
      asked.length = 0;
      events.length = 0;
      expect(await outcome(clients().access.role({ text }, { headers: as(caller) }))).toBe(want);
      expect(asked).toEqual(asks ? [`${caller} ${text}`] : []);
      const decidedBy = caller === undefined ? "authentication" : asks ? "check" : "table";
      expect(events).toMatchObject([{ decidedBy }]);
      if (caller !== undefined) {
        expect(events[0]?.error).toEqual(text === "broken" ? new Error("no such order") : undefined);
      }
    });

    test("it opens nothing that the table or defaultPolicy closes", async () => {
      expect(await outcome(clients().access.deny({}, { headers }))).toBe("PermissionDenied");
      expect(await outcome(clients().access.unspecified({}, { headers }))).toBe("PermissionDenied");
      expect(await outcome(clients().access.scope({}, { headers }))).toBe("ok");
    });

    test("server streaming: by the message, which still reaches the handler", async () => {
      const { echo } = clients();
      const answers = await collect(echo.serverStream({ text: "right" }, { headers }));
      expect(answers.map(({ text }) => text)).toEqual(["right0", "right1", "right2"]);
      expect(await outcome(echo.serverStream({ text: "wrong" }, { headers }))).toBe("PermissionDenied");
    });

    test("client streaming: before the first message", async () => {
      const { echo } = clients();
      const messages = () => streamOf({ text: "a" }, { text: "b" });
      expect((await echo.clientStream(messages(), { headers })).text).toBe("ab");
      expect(await outcome(echo.clientStream(messages(), { headers: as("right") }))).toBe("PermissionDenied");
    });

    test("bidirectional: before the first message, and every message", async () => {
      const { echo } = clients();
      events.length = 0;
      const open = () => echo.bidiStream(streamOf({ text: "right" }, { text: "right" }), { headers });
      expect((await collect(open())).map(({ text }) => text)).toEqual(["right", "right"]);
      expect(events.map(({ effect }) => effect)).toEqual(["allow"]);

      const closed = echo.bidiStream(streamOf({ text: "right" }), { headers: as("right") });
      expect(await outcome(closed)).toBe("PermissionDenied");

      events.length = 0;
      const received: string[] = [];
      const mixed = echo.bidiStream(streamOf({ text: "right" }, { text: "wrong" }, { text: "right" }), { headers });
      const rest = (async () => {
        for await (const { text } of mixed) received.push(text);
      })();
      expect(await outcome(rest)).toBe("PermissionDenied");
      expect(received).toEqual(["right"]);
      expect(events.map(({ effect, decidedBy }) => `${effect} ${decidedBy}`)).toEqual(["allow check", "deny check"]);
    });
  });
});

test("a message that was refused stays refused when the handler asks again", async () => {
  const check = authorizeMethods(EchoService, { clientStream: { message: (_, { text }) => text !== "bad" } });
  const attempts: string[] = [];
  const { echo } = inProcess(createProtoAuthzInterceptor({ policies, checks: [check] }), (next) => async (req) => {
    if (!req.stream) return next(req);
    const it = req.message[Symbol.asyncIterator]();
    for (let i = 0; i < 4; i++) {
      attempts.push(
        await it.next().then(
          ({ done }) => (done ? "end" : "message"),
          () => "refused",
        ),
      );
    }
    return next(req);
  });
  const messages = streamOf({ text: "good" }, { text: "bad" }, { text: "good" });
  expect(await outcome(echo.clientStream(messages, { headers: as("right") }))).toBe("PermissionDenied");
  expect(attempts).toEqual(["message", "refused", "refused", "refused"]);
});

test("a handler that stops reading lets the client's messages go", async () => {
  const check = authorizeMethods(EchoService, {
    clientStream: { message: () => true },
    serverStream: () => true,
  });
  const ends: string[] = [];
  /** Wraps the messages of a call, to see how their reader leaves them. */
  const watch: Interceptor = (next) => async (req) => {
    if (!req.stream) return next(req);
    const it = req.message[Symbol.asyncIterator]();
    const message = {
      [Symbol.asyncIterator]: () => ({
        next: () => it.next(),
        async return(value: unknown) {
          ends.push("return");
          return { done: true as const, value };
        },
        async throw(error: unknown) {
          ends.push("throw");
          throw error;
        },
      }),
    };
    return next({ ...req, message } as typeof req);
  };
  const leave: Interceptor = (next) => async (req) => {
    if (!req.stream) return next(req);
    const it = req.message[Symbol.asyncIterator]();
    await it.next();
    expect(await it.return?.("left")).toEqual({ done: true, value: "left" });
    await expect(it.throw?.(new Error("left"))).rejects.toThrow("left");
    throw new ConnectError("enough", Code.Aborted);
  };
  const { echo } = inProcess(watch, createProtoAuthzInterceptor({ policies, checks: [check] }), leave);
  const headers = as("right");
  expect(await outcome(echo.clientStream(streamOf({ text: "1" }, { text: "2" }), { headers }))).toBe("Aborted");
  expect(ends).toEqual(["return", "throw"]);
  expect(await outcome(echo.serverStream({ text: "1" }, { headers }))).toBe("Aborted");
  expect(ends).toEqual(["return", "throw", "return", "throw"]);
});

test("messages that cannot be left early are read to their end", async () => {
  const check = authorizeMethods(EchoService, { clientStream: { message: () => true }, serverStream: () => true });
  const onlyNext: Interceptor = (next) => async (req) => {
    if (!req.stream) return next(req);
    const it = req.message[Symbol.asyncIterator]();
    return next({ ...req, message: { [Symbol.asyncIterator]: () => ({ next: () => it.next() }) } } as typeof req);
  };
  const { echo } = inProcess(onlyNext, createProtoAuthzInterceptor({ policies, checks: [check] }));
  const headers = as("right");
  expect((await echo.clientStream(streamOf({ text: "1" }, { text: "2" }), { headers })).text).toBe("12");
  expect(await collect(echo.serverStream({ text: "1" }, { headers }))).toHaveLength(3);
});

test("an opening check given as a function is asked about the caller and the request", async () => {
  const asked: unknown[] = [];
  const check = authorizeMethods(EchoService, {
    clientStream: (caller, { method, message }) => {
      asked.push([caller.subject, method, message]);
      return true;
    },
  });
  const { echo } = inProcess(createProtoAuthzInterceptor({ policies, checks: [check] }));
  expect(await outcome(echo.clientStream(streamOf({ text: "1" }), { headers: as("right") }))).toBe("ok");
  expect(asked).toEqual([["right", "ClientStream", undefined]]);
});

test("a check opens nothing that a rule closes", async () => {
  let asked = 0;
  const checks = [authorizeMethods(AccessService, { unspecified: () => Boolean(++asked) })];
  const outcomes = async (effect: "allow" | "deny") => {
    const rules = [{ name: effect, effect, methods: ["lab.v1.AccessService/Unspecified"] }];
    const { access } = inProcess(createProtoAuthzInterceptor({ policies, checks, rules }));
    return outcome(access.unspecified({}, { headers: as("right") }));
  };
  expect(await outcomes("deny")).toBe("PermissionDenied");
  expect(asked).toBe(0);
  expect(await outcomes("allow")).toBe("ok");
  expect(asked).toBe(1);
});

describe("checks of a stream add up: each may ask before it, about its messages, or both", () => {
  const no = () => false;
  const yes = () => true;
  test.each<{
    name: string;
    checks: readonly NonNullable<ServiceChecks<typeof EchoService>["clientStream"]>[];
    want: string;
  }>([
    { name: "nothing asked", checks: [{}], want: "ok" },
    { name: "before it, yes", checks: [{ open: yes }], want: "ok" },
    { name: "before it, no", checks: [{ open: no }], want: "PermissionDenied" },
    { name: "its messages, and another before it", checks: [{ message: yes }, { open: yes }], want: "ok" },
    { name: "the same the other way round", checks: [{ open: yes }, { message: yes }], want: "ok" },
    { name: "one about its messages says no", checks: [{ message: yes }, { message: no }], want: "PermissionDenied" },
    { name: "the other does", checks: [{ message: no }, { message: yes }], want: "PermissionDenied" },
    {
      name: "the one behind another before it does",
      checks: [{ open: yes }, { message: no }],
      want: "PermissionDenied",
    },
  ])("$name: $want", async ({ checks, want }) => {
    const all = checks.map((check) => authorizeMethods(EchoService, { clientStream: check }));
    const { echo } = inProcess(createProtoAuthzInterceptor({ policies, checks: all }));
    expect(await outcome(echo.clientStream(streamOf({ text: "1" }), { headers: as("right") }))).toBe(want);
  });
});

test("several checks of one method all have to say yes", async () => {
  const yes = authorizeMethods(AccessService, { role: () => true });
  const no = authorizeMethods(AccessService, { role: () => false });
  const outcomes = async (...checks: MethodChecks[]) =>
    outcome(inProcess(createProtoAuthzInterceptor({ policies, checks })).access.role({}, { headers: as("right") }));
  expect(await outcomes(yes, yes)).toBe("ok");
  expect(await outcomes(yes, no)).toBe("PermissionDenied");
  expect(await outcomes(no, yes)).toBe("PermissionDenied");
});

test("a check follows rules, authorize and defaultPolicy as well, and demands an identity of its own", async () => {
  const checks = [authorizeMethods(PlainService, { get: (_, { text }) => text === "mine" })];
  const everybody = { name: "all", effect: "allow" as const, methods: ["lab.v1.*/*"] };
  for (const open of [{ rules: [everybody] }, { authorize: () => true }, { defaultPolicy: "allow" as const }]) {
    const { plain } = inProcess(createProtoAuthzInterceptor({ policies, checks, ...open }));
    expect(await outcome(plain.get({ text: "mine" }, { headers: as("wrong") }))).toBe("ok");
    expect(await outcome(plain.get({ text: "yours" }, { headers: as("wrong") }))).toBe("PermissionDenied");
    expect(await outcome(plain.get({ text: "mine" }))).toBe("Unauthenticated");
  }
});

test("a second copy of the descriptors is no way around a check", async () => {
  // As where the service is generated twice, or a package is installed twice.
  const copy = { ...AccessService, method: { ...AccessService.method } };
  const checks = [authorizeMethods(copy, { role: () => false })];
  const { access } = inProcess(createProtoAuthzInterceptor({ policies, checks }));
  expect(await outcome(access.role({}, { headers: as("right") }))).toBe("PermissionDenied");
  expect(await outcome(access.scope({}, { headers: as("right") }))).toBe("ok");
});

/** A service of the lab as in another version of its schema. */
function otherVersion<S extends DescService>(
  { file: { proto }, name, typeName }: S,
  method: string,
  change: object,
): S {
  const file = clone(FileDescriptorProtoSchema, proto);
  const declared = file.service.find((service) => service.name === name)?.method.find(({ name }) => name === method);
  if (declared === undefined) throw new Error(`${name} has no method ${method}`);
  Object.assign(declared, change);
  return createFileRegistry(file, () => undefined).getService(typeName) as S;
}

describe("a copy of the descriptors that says otherwise how a method streams is no way around a check", () => {
  test.each([
    { name: "messages for the server, one for the check", clientStreaming: false, want: "PermissionDenied" },
    { name: "messages for both", clientStreaming: true, want: "ok" },
  ])("$name: $want", async ({ clientStreaming, want }) => {
    const copy = otherVersion(EchoService, "ClientStream", { clientStreaming });
    const checks = [authorizeMethods(copy, { clientStream: () => true })];
    const { echo } = inProcess(createProtoAuthzInterceptor({ policies, checks }));
    expect(await outcome(echo.clientStream(streamOf({ text: "1" }), { headers: as("right") }))).toBe(want);
  });

  test("one message for the server, messages for the check", async () => {
    const copy = otherVersion(EchoService, "Unary", { clientStreaming: true });
    const streamed: object = { unary: { message: () => true } };
    const { echo } = inProcess(createProtoAuthzInterceptor({ policies, checks: [authorizeMethods(copy, streamed)] }));
    expect(await outcome(echo.unary({ text: "1" }, { headers: as("right") }))).toBe("Internal");
    expect(await outcome(echo.clientStream(streamOf({ text: "1" }), { headers: as("right") }))).toBe("ok");
  });
});

test("a check is for its own service, and not for a method of the same name elsewhere", async () => {
  const plain: DescService = otherVersion(PlainService, "Get", { name: "Role" });
  const no: object = { role: () => false };
  const outcomes = async (...checks: MethodChecks[]) =>
    outcome(inProcess(createProtoAuthzInterceptor({ policies, checks })).access.role({}, { headers: as("right") }));
  expect(await outcomes(authorizeMethods(plain, no))).toBe("ok");
  expect(await outcomes(authorizeMethods(AccessService, no))).toBe("PermissionDenied");
});

test("calls that share their context values by mistake are each decided about by their own caller", async () => {
  const contextValues = createContextValues();
  const share: Interceptor = (next) => (req) => {
    const subject = req.header.get("x-subject") ?? "";
    contextValues.set(authContextKey, {
      subject,
      roles: ["editor"],
      scopes: [],
      permissions: [],
      claims: {},
      type: "own",
    });
    return next({ ...req, contextValues });
  };
  const asked: string[] = [];
  const release: (() => void)[] = [];
  const check = authorizeMethods(AccessService, {
    role: async ({ subject }) => {
      asked.push(subject);
      await new Promise<void>((resolve) => release.push(resolve));
      return subject === "ada";
    },
  });
  const events: DecisionEvent[] = [];
  const onDecision = (event: DecisionEvent) => void events.push(event);
  const { access } = inProcess(share, createProtoAuthzInterceptor({ policies, checks: [check], onDecision }));
  const calls = ["ada", "eve"].map((subject) => outcome(access.role({}, { headers: { "x-subject": subject } })));
  await vi.waitFor(() => expect(asked).toEqual(["ada", "eve"]), 20_000);
  for (const resolve of release.reverse()) resolve();
  expect(await Promise.all(calls)).toEqual(["ok", "PermissionDenied"]);
  expect(events.map(({ subject, effect }) => `${subject} ${effect}`).sort()).toEqual(["ada allow", "eve deny"]);
});

test("messages are passed on in order, also to a reader that asks for several at once", async () => {
  const slowly = { good: 5, bad: 10, late: 0 };
  const check = authorizeMethods(EchoService, {
    clientStream: {
      message: async (_, { text }) => {
        await new Promise((resolve) => setTimeout(resolve, slowly[text as keyof typeof slowly]));
        return text !== "bad";
      },
    },
  });
  const order: string[] = [];
  const eager: Interceptor = (next) => async (req) => {
    if (!req.stream) return next(req);
    const it = req.message[Symbol.asyncIterator]();
    const reads = Array.from({ length: 3 }, async () => {
      try {
        const { value } = await it.next();
        order.push("text" in value ? String(value.text) : "no message");
      } catch (error) {
        order.push(ConnectError.from(error).message);
      }
    });
    await Promise.all(reads);
    throw new ConnectError("enough", Code.Aborted);
  };
  const { echo } = inProcess(createProtoAuthzInterceptor({ policies, checks: [check] }), eager);
  const messages = streamOf({ text: "good" }, { text: "bad" }, { text: "late" });
  expect(await outcome(echo.clientStream(messages, { headers: as("right") }))).toBe("Aborted");
  const refused = "[permission_denied] Access denied";
  expect(order).toEqual(["good", refused, refused]);
});

test("checks and rules are read once: what happens to the lists later changes nothing", async () => {
  const checks = [authorizeMethods(AccessService, { role: () => false })];
  const methods = ["lab.v1.AccessService/Unspecified"];
  const rules = [{ name: "frozen", effect: "deny" as const, methods }];
  const { access } = inProcess(createProtoAuthzInterceptor({ policies, checks, rules, defaultPolicy: "allow" }));
  checks.length = 0;
  methods.length = 0;
  rules.length = 0;
  expect(await outcome(access.role({}, { headers: as("right") }))).toBe("PermissionDenied");
  expect(await outcome(access.unspecified({}, { headers: as("right") }))).toBe("PermissionDenied");
  const without = inProcess(createProtoAuthzInterceptor({ policies, checks, rules, defaultPolicy: "allow" }));
  expect(await outcome(without.access.role({}, { headers: as("right") }))).toBe("ok");
  expect(await outcome(without.access.unspecified({}, { headers: as("right") }))).toBe("ok");
});
