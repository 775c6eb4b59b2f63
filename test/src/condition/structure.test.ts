import { describe, expect, test } from "vitest";
import { runPlugin } from "../generator/run-plugin.js";
import { compile, requestFor } from "../generator/schema.js";

/** A service S with a method M for a request with a tenant, and N for one without. Options begin in lines 7, 9 and 12. */
function errorOf(service: string, m: string, n = "", parameter = "target=ts"): readonly string[] {
  const option = (name: string, text: string) => (text === "" ? "" : `option (connectum.auth.v1.${name}) = {${text}};`);
  const proto = `syntax = "proto3";
package p;
import "connectum/auth/v1/options.proto";
message Tenant { string tenant_id = 1; int32 number = 2; repeated string names = 3; Nothing nothing = 4; Kind kind = 5; }
message Nothing {} enum Kind { KIND_UNSPECIFIED = 0; }
service S {
  ${option("service_auth", service)}
  rpc M(Tenant) returns (Nothing) {
    ${option("method_auth", m)}
  }
  rpc N(Nothing) returns (Nothing) {
    ${option("method_auth", n)}
  }
}`;
  const { error, warnings, files } = runPlugin(requestFor(compile({ "p.proto": proto }), ["p.proto"], parameter));
  expect(files.size).toBe(error === "" ? 1 : 0);
  // The positions inside an option have tests of their own: mistakes.test.ts.
  const lines = `${error}\n${warnings}`.replace(/p\.proto:(\d+):\d+/g, "line $1").split("\n");
  return lines.filter((line) => line !== "");
}

const condition = 'condition: "request.tenant_id == caller.claims.tenant"';
const messages = 'p.Nothing has no field "tenant_id": it has no fields.';

describe("a service's condition", () => {
  test("that a method's request does not fit is an error at the method", () => {
    expect(errorOf(`default_requires: {} ${condition}`, "")).toEqual([
      `line 11: p.S.N: the service's condition (line 7) at character 9 (tenant_id): ${messages} Change the request, or add \`exempt: true\` to the method.`,
    ]);
    expect(errorOf(`default_requires: {} ${condition}`, "", "exempt: true")).toEqual([]);
    expect(errorOf(`default_requires: {} ${condition}`, "", 'policy: "deny" public: false')).not.toEqual([]);
  });

  test("that fits no method is reported once, at the service", () => {
    expect(errorOf('default_requires: {} condition: "request.tenat_id == caller.claims.tenant"', "")).toEqual([
      'line 7: p.S: condition at character 9 (tenat_id): p.Tenant has no field "tenat_id". Did you mean tenant_id?',
    ]);
  });

  test("does not hold for a method that nobody may call", () => {
    expect(errorOf(condition, "requires: {}", 'policy: "deny"')).toEqual([]);
  });

  test("and the method's that exclude each other are reported", () => {
    const own = "requires: {} condition: \"caller.type == 'key'\"";
    expect(errorOf("condition: \"caller.type == 'user'\"", own, "exempt: true")).toEqual([
      "line 9: p.S.M: condition is always false together with the service's condition, so nobody may call. Delete it. (a warning with strict=false)",
    ]);
  });
});

describe("public and a condition", () => {
  test.each([
    {
      name: "in one option",
      options: ["", `public: true ${condition}`],
      want: [
        "line 9: p.S.M: method_auth sets both `public: true` and `condition`. The first wins, so anybody may call. Delete one of them.",
      ],
    },
    {
      name: "in one option of the service",
      options: [`public: true ${condition}`, ""],
      want: [
        "line 7: p.S: service_auth sets both `public: true` and `condition`. The first wins, so anybody may call. Delete one of them.",
      ],
    },
    {
      name: "of a method under the service's condition",
      options: [condition, "public: true", "exempt: true requires: {}"],
      want: [
        "line 9: p.S.M: `public: true` overrides the service's `condition` (line 7), so anybody may call. Add `exempt: true` to open the method, or delete `public: true`. (a warning with strict=false)",
      ],
    },
    {
      name: "of a method under a public service",
      options: ["public: true", condition],
      want: [
        "line 9: p.S.M: `condition` has no effect: the service sets `public: true` (line 7), so anybody may call. Add `public: false` to keep it, or delete it. (a warning with strict=false)",
      ],
    },
    {
      name: "of a denied method",
      options: ["", `policy: "deny" ${condition}`],
      want: [
        'line 9: p.S.M: `condition` has no effect beside `policy: "deny"`: nobody may call. Delete it. (a warning with strict=false)',
      ],
    },
    { name: "exempt", options: [condition, "public: true exempt: true", "public: true exempt: true"], want: [] },
    {
      name: "exempt without a service's condition",
      options: ["", "exempt: true requires: {}"],
      want: [
        "line 9: p.S.M: `exempt: true` has no effect: the service sets neither `condition` nor `resource`. Delete it. (a warning with strict=false)",
      ],
    },
    {
      name: "exempt: false",
      options: [condition, "requires: {} exempt: false", "requires: {} exempt: true"],
      want: [],
    },
  ])("$name", ({ options: [service = "", m = "", n = ""], want }) => {
    expect(errorOf(service, m, n)).toEqual(want);
  });
});

describe("a resource", () => {
  const requires = 'requires: {permissions: "a"}';
  test.each([
    { path: "tenant_id", want: undefined },
    { path: "number", want: undefined },
    { path: "tenantId", want: 'p.Tenant has no field "tenantId". Did you mean tenant_id?' },
    { path: "nothing", want: "leads to no string or integer, so it names no resource." },
    { path: "kind", want: "leads to no string or integer, so it names no resource." },
    { path: "names", want: "p.Tenant.names has several values. A resource needs one." },
    { path: "tenant_id.x", want: "has no field x: it is no message." },
    { path: "nothing.id", want: 'p.Nothing has no field "id": it has no fields.' },
    { path: "", want: "is empty. Delete it: permissions need no resource then." },
    { path: "request.tenant_id", want: "begins in the request. Write tenant_id." },
    { path: "tenant_id == 'a'", want: "is no path. Join the names of fields by dots, such as role.account_id." },
    { path: "tenants/{tenant_id}", want: "is no path. Join the names of fields by dots, such as role.account_id." },
  ])("$path", ({ path, want }) => {
    const found = errorOf("", `${requires} resource: "${path}"`);
    expect(found).toEqual(want === undefined ? [] : [`line 9: p.S.M: resource "${path}": ${want}`]);
  });

  test("of the service must fit every method", () => {
    expect(errorOf('default_requires: {permissions: "a"} resource: "tenant_id"', "")).toEqual([
      `line 11: p.S.N: the service's resource (line 7) "tenant_id": ${messages} Change the request, or add its own \`resource\` or \`exempt: true\` to the method.`,
    ]);
  });

  test("of a method that requires no permissions is reported", () => {
    expect(errorOf("", 'requires: {roles: "a"} resource: "tenant_id"')).toEqual([
      "line 9: p.S.M: resource binds nothing: the method requires no permissions. Add some to `requires`, or delete it. (a warning with strict=false)",
    ]);
    const own = 'requires: {} resource: "tenant_id" condition: "\'a\' in caller.permissions"';
    expect(errorOf("", own)).toEqual([]);
  });
});

test.each([
  {
    requires: 'permissions: ""',
    want: 'permission "" is empty, so no caller has it. Write the name of a permission, or delete the entry.',
  },
  {
    requires: 'permissions: " a"',
    want: 'permission " a" begins or ends with white space, so no caller has it. Write "a".',
  },
  {
    requires: 'permissions: "a b"',
    want: 'permission "a b" contains a space, which separates permissions in a token, so no caller has it. Write "a", "b".',
  },
  {
    requires: 'any_permissions: "a\\t"',
    want: 'permission "a\\t" contains a control character, so no caller has it. Write "a".',
  },
  {
    requires: 'permissions: "a" permissions: "a"',
    want: 'permission "a" is listed twice. Delete one, or write the permission that you meant. (a warning with strict=false)',
  },
  {
    requires: 'permissions: "a" any_permissions: "a"',
    want: 'permission "a" is in `permissions`, too, so `any_permissions` has no effect. Delete one of them. (a warning with strict=false)',
  },
])("requires: {$requires}", ({ requires, want }) => {
  const [message, ...others] = errorOf("", `requires: {${requires}}`);
  expect(message?.replace(/^line \d+: /, "")).toBe(`p.S.M: ${want}`);
  expect(others).toEqual([]);
});
