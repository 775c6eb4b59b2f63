import { createConnectRouter } from "@connectrpc/connect";
import { checkCoverage } from "@connectum/auth/testing";
import { describe, expect, test } from "vitest";
import { AccessServicePolicy, EchoServicePolicy } from "../gen/lab/v1/lab_auth.js";
import { AccessService, EchoService } from "../gen/lab/v1/lab_pb.js";

const { Role: _, ...fewer } = AccessServicePolicy.methods;
const older = { ...AccessServicePolicy, methods: fewer };
const newer = {
  ...AccessServicePolicy,
  methods: { ...AccessServicePolicy.methods, Rolle: { access: "public" } },
} as const;
const both = [AccessService, EchoService];
const none = { missing: [], stale: [], extra: [] };

describe("checkCoverage names where tables and services differ", () => {
  test.each([
    { name: "they agree", policies: [AccessServicePolicy, EchoServicePolicy], services: both, want: none },
    {
      name: "a forgotten table",
      policies: [EchoServicePolicy],
      services: both,
      want: { ...none, missing: ["lab.v1.AccessService"] },
    },
    {
      name: "an older table",
      policies: [older, EchoServicePolicy],
      services: both,
      want: { ...none, missing: ["lab.v1.AccessService/Role"] },
    },
    {
      name: "a newer table",
      policies: [newer, EchoServicePolicy],
      services: both,
      want: { ...none, stale: ["lab.v1.AccessService/Rolle"] },
    },
    {
      name: "a table too many",
      policies: [AccessServicePolicy, EchoServicePolicy],
      services: [AccessService],
      want: { ...none, extra: ["lab.v1.EchoService"] },
    },
    { name: "nothing at all", policies: [], services: [], want: none },
  ])("$name", ({ policies, services, want }) => expect(checkCoverage(policies, services)).toEqual(want));

  test("of a router, which names a service once for each method", () => {
    const router = createConnectRouter().service(AccessService, {});
    const services = router.handlers.map(({ service }) => service);
    expect(checkCoverage([older], services)).toEqual({ ...none, missing: ["lab.v1.AccessService/Role"] });
    expect(checkCoverage([AccessServicePolicy], services)).toEqual(none);
  });

  test("a method called __proto__ is like any other", () => {
    const methods = Object.fromEntries([["__proto__", { access: "deny" as const }]]);
    expect(checkCoverage([{ typeName: "a.B", methods }], [])).toEqual({ ...none, extra: ["a.B"] });
  });

  test("malformed tables are a TypeError", () => {
    expect(() => checkCoverage([AccessServicePolicy, AccessServicePolicy], both)).toThrow(TypeError);
  });
});
