import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { createAuth } from "@connectum/auth";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { AccessServicePolicy, EchoServicePolicy } from "../gen/lab/v1/lab_auth.js";
import { AccessService } from "../gen/lab/v1/lab_pb.js";
import { type Lab, labRoutes, protocols, startLab } from "../support/lab.js";
import { as, serviceScheme, userScheme } from "./callers.js";

const no = "Unauthenticated";
const denied = "PermissionDenied";
const ok = "ok";

const headers = {
  anonymous: {},
  wrong: as("wrong"),
  right: as("right"),
  expired: as("expired"),
  service: { "x-service-token": "service" },
  billing: { "x-service-token": "billing" },
  // A user who shows a user's token where a service shows its own.
  forged: { "x-service-token": "right", authorization: "Bearer wrong" },
};

type Expected = Readonly<Record<keyof typeof headers, string>>;

const table: Readonly<Record<keyof typeof AccessService.method, Expected>> = {
  public: { anonymous: ok, wrong: ok, right: ok, expired: ok, service: ok, billing: ok, forged: ok },
  authenticated: { anonymous: no, wrong: ok, right: ok, expired: no, service: no, billing: no, forged: ok },
  role: { anonymous: no, wrong: denied, right: ok, expired: no, service: no, billing: no, forged: denied },
  scope: { anonymous: no, wrong: denied, right: ok, expired: no, service: no, billing: no, forged: denied },
  allow: { anonymous: no, wrong: ok, right: ok, expired: no, service: no, billing: no, forged: ok },
  deny: { anonymous: no, wrong: denied, right: denied, expired: no, service: no, billing: no, forged: denied },
  internal: { anonymous: no, wrong: no, right: no, expired: no, service: ok, billing: ok, forged: no },
  internalRole: { anonymous: no, wrong: no, right: no, expired: no, service: denied, billing: ok, forged: no },
  unspecified: { anonymous: no, wrong: denied, right: denied, expired: no, service: no, billing: no, forged: denied },
};

describe.each([
  { gate: "with the gate", defaultPolicy: "deny" as const },
  { gate: "without the gate", defaultPolicy: "deny" as const },
  { gate: "with the gate", defaultPolicy: "allow" as const },
])("every access and every caller, $gate, defaultPolicy $defaultPolicy", ({ gate, defaultPolicy }) => {
  let lab: Lab;

  beforeAll(async () => {
    const auth = createAuth({
      policies: [AccessServicePolicy, EchoServicePolicy],
      authenticate: userScheme,
      internal: serviceScheme,
      defaultPolicy,
    });
    const gated = gate === "with the gate" ? { requestGate: auth.requestGate } : {};
    lab = await startLab({ interceptors: [...auth.interceptors], ...gated }, labRoutes());
  });
  afterAll(() => lab.close());

  const calls = protocols.flatMap((protocol) =>
    (Object.keys(table) as (keyof typeof table)[]).map((method) => ({ protocol, method })),
  );

  test.each(calls)("$protocol: $method", async ({ protocol, method }) => {
    const client = createClient(AccessService, lab.transports[protocol]);
    const expected: Record<string, string> = { ...table[method] };
    if (defaultPolicy === "allow" && method === "unspecified") {
      for (const caller of ["wrong", "right", "forged"]) expected[caller] = ok;
    }
    const seen: Record<string, string> = {};
    for (const [caller, header] of Object.entries(headers)) {
      try {
        await client[method]({ text: "hello" }, { headers: header });
        seen[caller] = ok;
      } catch (reason) {
        const error = ConnectError.from(reason);
        seen[caller] = Code[error.code];
        // What was missing is nobody's business but the server's.
        if (error.code === Code.PermissionDenied) expect(error.rawMessage).toBe("Access denied");
        expect(error.details).toEqual([]);
      }
    }
    expect(seen).toEqual(expected);
  });
});
