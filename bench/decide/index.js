// What a decision costs: our interceptor beside (a) none, (b) one that passes through, (c) reflection.
//
//     node bench/decide/index.js [rounds]
import { Code, ConnectError } from "@connectrpc/connect";
import { createAuthInterceptor, createProtoAuthzInterceptor, getPublicMethods } from "@connectum/auth";
import { createCalls, createIdentity } from "../support/calls.js";
import { describeMachine, measure, verdict } from "../support/measure.js";
import { createReflectiveAuthz } from "../support/reflective.js";
import { createSchema } from "../support/schema.js";

const rounds = Number(process.argv[2] ?? 15);
const passThrough = (next) => async (req) => await next(req);
const roles = (count) => [...Array.from({ length: count - 1 }, (_, i) => `role${i}`), "admin"];
const otherRules = (count) =>
  Array.from({ length: count }, (_, i) => ({ name: `r${i}`, effect: "deny", methods: [`other.v1.Service${i}/Get*`] }));
const ns = (time) => `${time.toFixed(0).padStart(8)} ns`;
const print = (results) => {
  for (const [name, time] of Object.entries(results)) console.log(`  ${ns(time)}  ${name}`);
};
/** The row for a method of a schema, by its access. */
const methodOf = ({ services, policies }, wanted) => {
  const name = Object.entries(policies[0].methods).find(([, row]) => wanted(row))[0];
  return services[0].methods.find((method) => method.name === name);
};

console.warn = () => {}; // about rules that match nothing: they are meant to
console.log(describeMachine());

console.log("\nA method that requires a role, called by somebody who has it");
{
  const small = createSchema(1, 10);
  const large = createSchema(1_000, 100);
  const guarded = ({ access, roles, scopes }) => access === "requires" && roles?.length === 1 && scopes.length === 0;
  const ours = (schema, identity, rules) =>
    createCalls(
      [createProtoAuthzInterceptor({ policies: schema.policies, rules })],
      methodOf(schema, guarded),
      identity,
    );
  const five = createIdentity(roles(5));
  const many = createIdentity(roles(1_000));
  const method = methodOf(small, guarded);
  const results = await measure(
    {
      "(a) no interceptor": createCalls([], method, five),
      "(b) pass-through": createCalls([passThrough], method, five),
      "(c) reflective": createCalls([createReflectiveAuthz()], method, five),
      "(c) reflective, 1,000 roles": createCalls([createReflectiveAuthz()], method, many),
      ours: ours(small, five, []),
      "ours, 100,000 methods": ours(large, five, []),
      "ours, 1,000 rules": ours(small, five, otherRules(1_000)),
      "ours, 1,000 roles": ours(small, many, []),
    },
    { calls: 100_000, rounds },
  );
  print(results);
  const base = results["(b) pass-through"];
  verdict(
    "added over (b), as part of what (c) adds to (a)",
    (results.ours - base) / (results["(c) reflective"] - results["(a) no interceptor"]),
    { atMost: 0.2 },
  );
  for (const name of ["ours, 100,000 methods", "ours, 1,000 rules", "ours, 1,000 roles"]) {
    verdict(`${name}, against ours`, results[name] / results.ours, { atMost: 1.2 });
  }
}

console.log("\nA public method found among public methods");
{
  const publicRow = [{ access: "public" }];
  const few = createSchema(1, 10, publicRow);
  const many = createSchema(1_000, 10, publicRow);
  const last = ({ services }) => services.at(-1).methods.at(-1);
  const skipping = (schema) => {
    const verifyCredentials = () => null;
    return createAuthInterceptor({ verifyCredentials, skipMethods: getPublicMethods(schema.policies) });
  };
  const results = await measure(
    {
      "(a) no interceptor": createCalls([], last(many), undefined),
      "(c) reflective, scan of 10,000": createCalls(
        [createReflectiveAuthz({ skipMethods: getPublicMethods(many.policies) })],
        last(many),
        undefined,
      ),
      "ours by the table, 10": createCalls(
        [createProtoAuthzInterceptor({ policies: few.policies })],
        last(few),
        undefined,
      ),
      "ours by the table, 10,000": createCalls(
        [createProtoAuthzInterceptor({ policies: many.policies })],
        last(many),
        undefined,
      ),
      "ours by skipMethods, 10": createCalls([skipping(few)], last(few), undefined),
      "ours by skipMethods, 10,000": createCalls([skipping(many)], last(many), undefined),
    },
    { calls: 2_000, rounds },
  );
  print(results);
  const base = results["(a) no interceptor"];
  const scan = results["(c) reflective, scan of 10,000"] - base;
  for (const way of ["table", "skipMethods"]) {
    const name = `ours by ${way === "table" ? "the table" : way}`;
    verdict(`(c)'s scan, against ${name}`, scan / Math.max(results[`${name}, 10,000`] - base, 1), { atLeast: 50 });
    verdict(`${name}, 10,000 against 10`, results[`${name}, 10,000`] / results[`${name}, 10`], { atMost: 1.2 });
  }
}

console.log("\nA denial: a role that the caller does not have");
{
  const schema = createSchema(1, 10);
  const method = methodOf(schema, ({ roles, scopes }) => roles?.length === 1 && scopes.length === 0);
  const guest = createIdentity(["guest"]);
  const results = await measure(
    {
      "(a) no interceptor, allowed": createCalls([], method, guest),
      "(c) reflective": createCalls([createReflectiveAuthz()], method, guest, "denied"),
      "a bare ConnectError, no stack trace": createCalls([refuseBarely], method, guest, "denied"),
      ours: createCalls([createProtoAuthzInterceptor({ policies: schema.policies })], method, guest, "denied"),
    },
    { calls: 10_000, rounds },
  );
  print(results);
  verdict("ours against (c)", results.ours / results["(c) reflective"], { atMost: 1 / 3 });
}

/** The least that a refusal by connect's own error can cost. */
function refuseBarely() {
  return () => {
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = 0;
    const error = new ConnectError("Access denied", Code.PermissionDenied);
    Error.stackTraceLimit = stackTraceLimit;
    return Promise.reject(error);
  };
}
