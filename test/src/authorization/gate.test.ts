import * as http from "node:http";
import { createClient, createContextValues, createHandlerContext, type Interceptor } from "@connectrpc/connect";
import { authContextKey, createAuth, createAuthInterceptor, credentials, type DecisionEvent } from "@connectum/auth";
import { describe, expect, test } from "vitest";
import { AccessServicePolicy, EchoServicePolicy } from "../gen/lab/v1/lab_auth.js";
import { AccessService, EchoService } from "../gen/lab/v1/lab_pb.js";
import { labRoutes, protocols, startLab } from "../support/lab.js";
import { as, callers, outcome, userScheme } from "./callers.js";

function watched() {
  const events: DecisionEvent[] = [];
  let compared = 0;
  const auth = createAuth({
    policies: [AccessServicePolicy, EchoServicePolicy],
    authenticate: userScheme,
    onDecision: (event) => void events.push(event),
    matchScope: (required, granted) => {
      compared++;
      return required === granted;
    },
  });
  return { auth, events, compared: () => compared };
}

describe.each(protocols)("the gate, over %s", (protocol) => {
  test("one decision and one event for a call, whether it ends at the gate or goes on", async () => {
    const { auth, events, compared } = watched();
    let opened = 0;
    const inner = (next: Parameters<(typeof auth.interceptors)[0]>[0]) => (req: Parameters<typeof next>[0]) => {
      opened++;
      return next(req);
    };
    const wiring = { interceptors: [...auth.interceptors, inner], requestGate: auth.requestGate };
    const lab = await startLab(wiring, labRoutes());
    try {
      const access = createClient(AccessService, lab.transports[protocol]);
      expect(await outcome(access.scope({}, { headers: as("right") }))).toBe("ok");
      // lab:read matches at once, lab:write at the second try: compared once for each, not once more behind the gate.
      expect(compared()).toBe(3);
      expect(await outcome(access.role({}, { headers: as("wrong") }))).toBe("PermissionDenied");
      expect(await outcome(access.role({}))).toBe("Unauthenticated");
      expect(await outcome(access.public({}))).toBe("ok");
      expect(opened).toBe(2);
      expect(events.map(({ method, effect }) => `${method} ${effect}`)).toEqual([
        "Scope allow",
        "Role deny",
        "Role deny",
        "Public allow",
      ]);
    } finally {
      await lab.close();
    }
  });
});

test("a call that the gate refuses is refused before its body is there", async () => {
  const { auth } = watched();
  const lab = await startLab({ interceptors: [...auth.interceptors], requestGate: auth.requestGate }, labRoutes());
  const post = (path: string, caller: string, rest?: string) =>
    new Promise((resolve, reject) => {
      const headers = { "content-type": "application/json", ...as(caller) };
      const request = http.request(`${lab.http1Url}/lab.v1.AccessService/${path}`, { method: "POST", headers });
      request.on("error", reject).on("response", ({ statusCode }) => resolve(statusCode));
      request.write("{");
      // Without it, the body never ends.
      if (rest !== undefined) request.end(rest);
    });
  try {
    expect(await post("Role", "wrong")).toBe(403);
    expect(await post("Role", "right", "}")).toBe(200);
  } finally {
    await lab.close();
  }
});

test("what the gate found out about one call is not used for another, even where calls share their values", async () => {
  const { auth } = watched();
  const values = createContextValues();
  const gate = async (caller: string, method: "role" | "scope" | "deny") => {
    const context = createHandlerContext({
      service: AccessService,
      method: AccessService.method[method],
      protocolName: "connect",
      requestMethod: "POST",
      url: "",
      requestHeader: as(caller),
      contextValues: values,
    });
    await auth.requestGate(context);
    return context.requestHeader;
  };
  const interceptors = auth.interceptors.slice(1);
  const handler = interceptors.reduceRight<Parameters<(typeof interceptors)[0]>[0]>(
    (next, interceptor) => interceptor(next),
    () => Promise.reject(new Error("reached the handler")),
  );
  const request = (method: "role" | "scope" | "deny", header: Headers) => ({
    stream: false as const,
    service: AccessService,
    method: AccessService.method[method],
    requestMethod: "POST",
    url: "",
    signal: new AbortController().signal,
    header,
    contextValues: values,
    message: { $typeName: "lab.v1.RoleRequest" as const, text: "" },
  });
  const header = await gate("right", "role");
  for (const headers of [header, new Headers()]) {
    await expect(handler(request("role", headers))).rejects.toThrow("reached the handler");
    await expect(handler(request("deny", headers))).rejects.toThrow("Access denied");
  }
});

test("the interceptors decide alone where there is no gate, or where the gate is another's", async () => {
  const { auth, events } = watched();
  const other = createAuth({
    policies: [],
    authenticate: credentials({ verifyCredentials: (token) => callers[token] }),
    defaultPolicy: "allow",
  });
  const lab = await startLab({ interceptors: [...auth.interceptors], requestGate: other.requestGate }, labRoutes());
  try {
    const access = createClient(AccessService, lab.transports["connect-h1"]);
    expect(await outcome(access.role({}, { headers: as("wrong") }))).toBe("PermissionDenied");
    expect(await outcome(access.role({}, { headers: as("right") }))).toBe("ok");
    expect(events).toHaveLength(2);
  } finally {
    await lab.close();
  }
});

test("an identity that changes behind the gate is decided about anew", async () => {
  const { auth } = watched();
  const impersonate = createAuthInterceptor({
    extractCredentials: (header) => header.get("x-as"),
    verifyCredentials: (name) => callers[name],
    optionalMethods: ["*"],
  });
  const [authentication, authorization] = auth.interceptors;
  if (authentication === undefined || authorization === undefined) throw new Error("expected two interceptors");
  const wiring = { interceptors: [authentication, impersonate, authorization], requestGate: auth.requestGate };
  const lab = await startLab(wiring, labRoutes());
  try {
    const echo = createClient(EchoService, lab.transports.connect);
    const access = createClient(AccessService, lab.transports.connect);
    expect((await echo.unary({}, { headers: { ...as("right"), "x-as": "wrong" } })).subject).toBe("wrong");
    expect(await outcome(access.role({}, { headers: { ...as("right"), "x-as": "wrong" } }))).toBe("PermissionDenied");
    expect(await outcome(access.role({}, { headers: { ...as("right"), "x-as": "admin" } }))).toBe("ok");
  } finally {
    await lab.close();
  }
});

test("an identity that can still change is looked at again behind the gate", async () => {
  const auth = createAuth({ policies: [AccessServicePolicy], authenticate: userScheme, optionalMethods: ["*"] });
  const strip: Interceptor = (next) => (req) => {
    const { roles } = req.contextValues.get(authContextKey) ?? {};
    if (req.header.has("x-strip")) (roles as string[]).length = 0;
    return next(req);
  };
  const identity = { subject: "x", scopes: [], permissions: [], claims: {}, type: "own" };
  const lab = await startLab(
    {
      interceptors: [strip, ...auth.interceptors],
      requestGate: auth.requestGate,
      contextValues: () => createContextValues().set(authContextKey, { ...identity, roles: ["editor"] }),
    },
    labRoutes(),
  );
  try {
    const access = createClient(AccessService, lab.transports.connect);
    expect(await outcome(access.role({}))).toBe("ok");
    expect(await outcome(access.role({}, { headers: { "x-strip": "1" } }))).toBe("PermissionDenied");
  } finally {
    await lab.close();
  }
});
