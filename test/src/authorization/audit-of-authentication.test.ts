import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { createAuth, credentials, type DecisionEvent } from "@connectum/auth";
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { EchoServicePolicy } from "../gen/lab/v1/lab_auth.js";
import { EchoService } from "../gen/lab/v1/lab_pb.js";
import { type Lab, protocols, startLab } from "../support/lab.js";

describe.each([
  { wiring: "with the gate", gate: true, mode: "enforce" },
  { wiring: "with interceptors alone", gate: false, mode: "enforce" },
  { wiring: "in report mode", gate: true, mode: "report" },
] as const)("who is not let in at all is told to onDecision, $wiring", ({ gate, mode }) => {
  const events: DecisionEvent[] = [];
  let lab: Lab;
  beforeAll(async () => {
    vi.spyOn(console, "warn").mockImplementation(() => {});
    const { interceptors, requestGate } = createAuth({
      policies: [EchoServicePolicy],
      mode,
      authenticate: credentials({
        verifyCredentials(token) {
          if (token === "down") throw new ConnectError("session store", Code.Unavailable);
          return token === "ada" ? { subject: token } : null;
        },
      }),
      onDecision: (event) => void events.push(event),
    });
    lab = await startLab(gate ? { interceptors, requestGate } : { interceptors });
  });
  afterAll(() => lab.close());
  beforeEach(() => void events.splice(0));

  const refused = { effect: "deny", decidedBy: "authentication", subject: undefined, enforced: true } as const;
  test.each(
    protocols.flatMap((protocol) => [
      { protocol, token: undefined, code: Code.Unauthenticated, want: { ...refused, reason: "unauthenticated" } },
      { protocol, token: "eve", code: Code.Unauthenticated, want: { ...refused, reason: "unauthenticated" } },
      { protocol, token: "down", code: Code.Unavailable, want: { ...refused, reason: "error" } },
      { protocol, token: "ada", code: "ok", want: { effect: "allow", decidedBy: "table", subject: "ada" } },
    ]),
  )("$protocol, token $token: $code", async ({ protocol, token, code, want }) => {
    const headers: HeadersInit = token === undefined ? {} : { authorization: `Bearer ${token}` };
    const got = await createClient(EchoService, lab.transports[protocol])
      .unary({}, { headers })
      .then(
        () => "ok",
        (error) => ConnectError.from(error).code,
      );
    expect(got).toBe(code);
    await vi.waitFor(() => expect(events).toHaveLength(1), 20_000);
    expect(events[0]).toMatchObject({ service: "lab.v1.EchoService", method: "Unary", ...want });
  });
});
