// What permissions and conditions cost, beside roles and beside @bufbuild/cel.
//
//     node bench/condition/index.js [rounds]

import { celEnv, parse, plan } from "@bufbuild/cel";
import { create, createRegistry } from "@bufbuild/protobuf";
import { createProtoAuthzInterceptor } from "@connectum/auth";
import { decide } from "@connectum/auth/policy";
import { ConditionServicePolicy } from "../gen/bench/v1/condition_auth.js";
import { ConditionRequestSchema, ConditionService } from "../gen/bench/v1/condition_pb.js";
import { createCalls, createIdentity } from "../support/calls.js";
import { describeMachine, measure, verdict } from "../support/measure.js";

const rounds = Number(process.argv[2] ?? 15);
const ns = (time) => `${time.toFixed(0).padStart(8)} ns`;
const print = (results) => {
  for (const [name, time] of Object.entries(results)) console.log(`  ${ns(time)}  ${name}`);
};
const { Roles, Permissions, Condition } = ConditionServicePolicy.methods;
const loop = (run) => (calls) => {
  let passed = 0;
  for (let i = 0; i < calls; i++) if (run()) passed++;
  if (passed !== calls) throw new Error("a decision failed");
};

console.log(describeMachine());

console.log("\nA decision by one row");
{
  const caller = { roles: new Set(["admin"]), scopes: new Set(), permissions: new Set(["orders.write"]) };
  const results = await measure(
    {
      "roles: decide()": loop(() => decide(Roles, caller).kind === "allow"),
      "permissions: decide()": loop(() => decide(Permissions, caller).kind === "allow"),
    },
    { calls: 1_000_000, rounds },
  );
  print(results);
  const ratio = results["permissions: decide()"] / results["roles: decide()"];
  console.log(`          permissions against roles in decide() alone: ${ratio.toFixed(2)}`);
}

console.log("\nA unary call through the interceptor");
{
  const identity = createIdentity(["admin"], [], { tenant: "acme" }, ["orders.write"]);
  const interceptors = [createProtoAuthzInterceptor({ policies: [ConditionServicePolicy] })];
  const message = create(ConditionRequestSchema, { tenantId: "acme", amount: 5 });
  const { roles, permissions, condition } = ConditionService.method;
  const results = await measure(
    {
      "no interceptor": createCalls([], roles, identity),
      roles: createCalls(interceptors, roles, identity),
      permissions: createCalls(interceptors, permissions, identity),
      "roles and a condition": createCalls(interceptors, condition, identity, "ok", message),
    },
    { calls: 100_000, rounds },
  );
  print(results);
  verdict("permissions against roles", results.permissions / results.roles, { atMost: 1.2 });
}

console.log("\nA condition of two comparisons");
{
  const { cel, holds } = Condition.condition;
  const request = create(ConditionRequestSchema, { tenantId: "acme", amount: 5 });
  const claims = Object.freeze({ tenant: "acme", email: "ada@example.com" });
  const caller = {
    ...{ subject: "ada", name: "Ada", type: "jwt", internal: false, claims },
    ...{ roles: new Set(), scopes: new Set(), permissions: new Set() },
  };
  const plain = { claims: { tenant: "acme", email: "ada@example.com" } };
  const evaluate = plan(celEnv({ registry: createRegistry(ConditionRequestSchema) }), parse(cel));
  const results = await measure(
    {
      compiled: loop(() => holds(caller, request) === true),
      "@bufbuild/cel, planned once": loop(() => evaluate({ request, caller: plain }) === true),
    },
    { calls: 200_000, rounds },
  );
  print(results);
  verdict("compiled, in ns", results.compiled, { atMost: 60 });
  verdict("@bufbuild/cel against compiled", results["@bufbuild/cel, planned once"] / results.compiled, { atLeast: 50 });
}
