import { createClient, createRouterTransport } from "@connectrpc/connect";
import {
  type AuthContext,
  type AuthzRule,
  authorizeMethods,
  can,
  createProtoAuthzInterceptor,
  getPublicMethods,
  type MethodPatternOf,
  type ServicePolicy,
} from "@connectum/auth";
import type { InternalMethodOf, MethodOf, MethodPathOf, PublicMethodOf, RoleOf, ScopeOf } from "@connectum/auth/policy";
import { expectTypeOf, test } from "vitest";
import { AccessServicePolicy, type EchoServicePolicy } from "../gen/lab/v1/lab_auth.js";
import { AccessService, EchoService, type RoleRequest } from "../gen/lab/v1/lab_pb.js";
import { labRoutes } from "../support/lab.js";

// Checked by `tsc -b test`: an error that is expected and does not come is an error itself. The functions
// are not called, since what must not compile must not run either.

type Access = typeof AccessServicePolicy;
type Echo = typeof EchoServicePolicy;

test("a generated table is a ServicePolicy, and keeps its names", () => {
  expectTypeOf<Access>().toExtend<ServicePolicy>();
  expectTypeOf<RoleOf<Access>>().toEqualTypeOf<"admin" | "editor" | "billing">();
  expectTypeOf<ScopeOf<Access>>().toEqualTypeOf<"lab:read" | "lab:write">();
  expectTypeOf<RoleOf<Echo>>().toEqualTypeOf<never>();
  expectTypeOf<PublicMethodOf<Access>>().toEqualTypeOf<"lab.v1.AccessService/Public">();
  expectTypeOf<InternalMethodOf<Access | Echo>>().toEqualTypeOf<
    "lab.v1.AccessService/Internal" | "lab.v1.AccessService/InternalRole" | "lab.v1.EchoService/InternalUnary"
  >();
  expectTypeOf<"Role">().toExtend<MethodOf<Access>>();
  expectTypeOf<"Rolle">().not.toExtend<MethodOf<Access>>();
  expectTypeOf<"lab.v1.AccessService/Role">().toExtend<MethodPathOf<Access>>();
  // Of two tables, no method of one under the name of the other.
  expectTypeOf<"lab.v1.EchoService/Role">().not.toExtend<MethodPathOf<Access | Echo>>();
  expectTypeOf(getPublicMethods([AccessServicePolicy])).toEqualTypeOf<"lab.v1.AccessService/Public"[]>();
});

test("can() completes method names", () => {
  expectTypeOf(can<Access>)
    .parameter(1)
    .toEqualTypeOf<MethodOf<Access>>();
  void (() => {
    can(AccessServicePolicy, "Role", { roles: ["admin"] });
    can(AccessServicePolicy, "Role", undefined);
    // @ts-expect-error a method that is misspelled
    can(AccessServicePolicy, "Rolle", { roles: ["admin"] });
    // @ts-expect-error the name in generated code
    can(AccessServicePolicy, "role", { roles: ["admin"] });
    // @ts-expect-error a method of another service
    can(AccessServicePolicy, "Unary", {});
    // @ts-expect-error one role is not a list
    can(AccessServicePolicy, "Role", { roles: "admin" });
  });
});

test("typed patterns are opt-in", () => {
  type Rule = AuthzRule<MethodPatternOf<Access | Echo>>;
  void ((): Rule[] => [
    { name: "one", effect: "allow", methods: ["lab.v1.AccessService/Role"] },
    { name: "all", effect: "allow", methods: ["lab.v1.EchoService/*", "lab.v1.AccessService/Ro*"] },
    // @ts-expect-error a method that is misspelled
    { name: "typo", effect: "deny", methods: ["lab.v1.AccessService/Rolle"] },
    // @ts-expect-error a service that is misspelled
    { name: "typo", effect: "deny", methods: ["lab.v1.AcessService/*"] },
    // @ts-expect-error an effect that is misspelled
    { name: "typo", effect: "DENY", methods: ["lab.v1.AccessService/Role"] },
  ]);
  const rules: Rule[] = [{ name: "one", effect: "allow", methods: ["lab.v1.AccessService/Unspecified"] }];
  expectTypeOf(rules).toExtend<readonly AuthzRule[]>();
  expectTypeOf(createProtoAuthzInterceptor).toBeCallableWith({ policies: [AccessServicePolicy], rules });
});

test("authorizeMethods knows methods and messages", () => {
  void (() => {
    authorizeMethods(AccessService, {
      role: (caller, request) => {
        expectTypeOf(caller).toEqualTypeOf<AuthContext>();
        expectTypeOf(request).toEqualTypeOf<RoleRequest>();
        return request.text === caller.subject;
      },
      scope: async (caller, request, { header, message }) => {
        expectTypeOf(message?.$typeName).toEqualTypeOf<string | undefined>();
        return header.has(request.text + caller.subject);
      },
    });
    authorizeMethods(EchoService, {
      serverStream: (_, request) => {
        expectTypeOf(request.$typeName).toEqualTypeOf<"lab.v1.ServerStreamRequest">();
        return true;
      },
      clientStream: (_, request) => {
        // Before the first message there is none to look at.
        expectTypeOf(request.message).toEqualTypeOf<import("@bufbuild/protobuf").Message | undefined>();
        return request.service === "lab.v1.EchoService";
      },
      bidiStream: {
        open: (caller) => caller.roles.includes("admin"),
        message: async (caller, message) => {
          expectTypeOf(message.$typeName).toEqualTypeOf<"lab.v1.BidiStreamRequest">();
          return message.text === caller.subject;
        },
      },
    });
    // @ts-expect-error a method that is misspelled
    authorizeMethods(AccessService, { rolle: () => true });
    // @ts-expect-error the name in the schema
    authorizeMethods(AccessService, { Role: () => true });
    // @ts-expect-error a method of another service
    authorizeMethods(AccessService, { unary: () => true });
    // @ts-expect-error a field that the message does not have
    authorizeMethods(AccessService, { role: (_, request) => request.owner === "me" });
    // @ts-expect-error a word is no answer
    authorizeMethods(AccessService, { role: () => "no" });
    // @ts-expect-error a promise of nothing is no answer
    authorizeMethods(AccessService, { role: async () => {} });
    // @ts-expect-error unary calls have no stream to check
    authorizeMethods(AccessService, { role: { message: () => true } });
    // @ts-expect-error a check of messages that is misspelled
    authorizeMethods(EchoService, { bidiStream: { messages: () => true } });
  });
});

test("options", () => {
  const policies = [AccessServicePolicy];
  void (() => {
    // @ts-expect-error the tables are missing
    createProtoAuthzInterceptor({});
    // @ts-expect-error the generated service is not a table
    createProtoAuthzInterceptor({ policies: [AccessService] });
    // @ts-expect-error a word that is none
    createProtoAuthzInterceptor({ policies, defaultPolicy: "Deny" });
    // @ts-expect-error a promise of undefined is no answer
    createProtoAuthzInterceptor({ policies, authorize: async () => {} });
    // @ts-expect-error an option that does not exist
    createProtoAuthzInterceptor({ policies, onDecisions: () => {} });
    // @ts-expect-error checks are made by authorizeMethods
    createProtoAuthzInterceptor({ policies, checks: [{ role: () => true }] });
    // @ts-expect-error a table by hand with a word that is none
    createProtoAuthzInterceptor({ policies: [{ typeName: "a.B", methods: { C: { access: "Public" } } }] });
  });
  expectTypeOf(createClient(AccessService, createRouterTransport(labRoutes())).role).toBeFunction();
});
