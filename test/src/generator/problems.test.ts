import { describe, expect, test } from "vitest";
import { runPlugin } from "./run-plugin.js";
import { compile, requestFor } from "./schema.js";

const options = 'import "connectum/auth/v1/options.proto";';
const method = (text: string) => `    option (connectum.auth.v1.method_auth) = {\n${text}\n    };`;

/** A proto with one service S and one method M, each with an option or none; the method's option begins in line 7. */
function proto(serviceOption: string, methodOption: string): string {
  return [
    `syntax = "proto3"; package p; ${options}`,
    "message Empty {}",
    "service S {",
    serviceOption === "" ? "" : `  option (connectum.auth.v1.service_auth) = {${serviceOption}};`,
    "  rpc M(Empty) returns (Empty) {",
    methodOption === "" ? "" : method(methodOption),
    "  }",
    "}",
  ].join("\n");
}

const table: readonly { name: string; proto: string; want: readonly string[] }[] = [
  {
    name: "policy in the wrong case",
    proto: proto("", 'policy: "Deny"'),
    want: ['7:1: p.S.M: unknown policy "Deny". Did you mean "deny"? Write "allow" or "deny".'],
  },
  {
    name: "policy with a typo",
    proto: proto('default_policy: "alow"', ""),
    want: ['4:46: p.S: unknown default_policy "alow". Did you mean "allow"? Write "allow" or "deny".'],
  },
  {
    name: "policy that is empty",
    proto: proto("", 'policy: ""'),
    want: ['7:1: p.S.M: unknown policy "". Write "allow" or "deny".'],
  },
  {
    name: "public with requires",
    proto: proto("", 'public: true\nrequires: {\nroles: "a"\n}'),
    want: [
      "9:1: p.S.M: method_auth sets both `public: true` and `requires`. The first wins, so anybody may call. Delete one of them.",
    ],
  },
  {
    name: "public with deny",
    proto: proto("", 'public: true\npolicy: "deny"'),
    want: [
      '8:1: p.S.M: method_auth sets both `public: true` and `policy: "deny"`. The first wins, so anybody may call. Delete one of them.',
    ],
  },
  {
    name: "public with internal",
    proto: proto("", "public: true\ninternal: true"),
    want: [
      "8:1: p.S.M: method_auth sets both `public: true` and `internal: true`. The first wins, so anybody may call. Delete one of them.",
    ],
  },
  {
    name: "internal with deny",
    proto: proto("", 'internal: true\npolicy: "deny"'),
    want: [
      '8:1: p.S.M: method_auth sets both `internal: true` and `policy: "deny"`. The first wins, so only trusted internal callers may call. Delete one of them.',
    ],
  },
  {
    name: "a public service with everything",
    proto: proto('public: true, default_requires: {roles: "a"}, default_policy: "deny", internal: true', ""),
    want: [
      "4:79: p.S: service_auth sets both `public: true` and `default_requires`. The first wins, so anybody may call. Delete one of them.",
      '4:92: p.S: service_auth sets both `public: true` and `default_policy: "deny"`. The first wins, so anybody may call. Delete one of them.',
      "4:116: p.S: service_auth sets both `public: true` and `internal: true`. The first wins, so anybody may call. Delete one of them.",
    ],
  },
  {
    name: "names that nobody can hold",
    proto: proto("", 'requires: {\nroles: ""\nroles: " a"\nroles: "b\\n"\nscopes: "x  y"\nscopes: "\\t"\n}'),
    want: [
      '8:1: p.S.M: role "" is empty, so no caller has it. Write the name of a role, or delete the entry.',
      '9:1: p.S.M: role " a" begins or ends with white space, so no caller has it. Write "a".',
      '10:1: p.S.M: role "b\\n" contains a control character, so no caller has it. Write "b".',
      '11:1: p.S.M: scope "x  y" contains a space, which separates scopes in a token, so no caller has it. Write "x", "y".',
      '12:1: p.S.M: scope "\\t" contains a control character, so no caller has it. Write the name of a scope, or delete the entry.',
    ],
  },
  {
    name: "spaces around names, and in them",
    proto: proto("", 'requires: {\nroles: "  a b  "\nscopes: " x  y "\n}'),
    want: [
      '8:1: p.S.M: role "  a b  " begins or ends with white space, so no caller has it. Write "a b".',
      '9:1: p.S.M: scope " x  y " begins or ends with white space, so no caller has it. Write "x", "y".',
    ],
  },
  {
    name: "step-up that nobody can do",
    proto: proto("", 'requires: {\nacr: "a b"\nacr: "phr"\nacr: "phr"\nmax_age_seconds: 0\n}'),
    want: [
      '8:1: p.S.M: acr "a b" contains a space, which separates values of acr_values, so no caller has it. Write "a", "b".',
      '10:1: p.S.M: acr "phr" is listed twice. Delete one, or write the acr that you meant. (a warning with strict=false)',
      "11:1: p.S.M: `max_age_seconds: 0` lets nobody in: every authentication is older. Write a number of seconds, such as 300.",
    ],
  },
  {
    name: "kinds of credentials that no scheme has",
    proto: proto('credentials: ["jwt", "jwt"]', 'requires: {}\ncredentials: ""\ncredentials: " jwt"'),
    want: [
      '4:46: p.S: credential "jwt" is listed twice. Delete one, or write the name of the scheme that you meant. (a warning with strict=false)',
      '8:1: p.S.M: credential "" is empty, so no authentication scheme has this name. Write the name of a credential, or delete the entry.',
      '9:1: p.S.M: credential " jwt" begins or ends with white space, so no authentication scheme has this name. Write "jwt".',
    ],
  },
  {
    name: "kinds of credentials beside public and deny",
    proto: proto("", 'public: true\ncredentials: "jwt"'),
    want: [
      "8:1: p.S.M: method_auth sets both `public: true` and `credentials`. The first wins, so anybody may call. Delete one of them.",
    ],
  },
  {
    name: "kinds of credentials that nobody presents",
    proto: proto("", 'policy: "deny"\ncredentials: "jwt"'),
    want: [
      '8:1: p.S.M: `credentials` has no effect beside `policy: "deny"`: nobody may call. Delete it. (a warning with strict=false)',
    ],
  },
  {
    name: "kinds of credentials under a public service",
    proto: proto("public: true", 'credentials: "jwt"'),
    want: [
      "7:1: p.S.M: `credentials` has no effect: the service sets `public: true` (FILE:4:46), so anybody may call. Add `public: false` to keep it, or delete it. (a warning with strict=false)",
    ],
  },
  {
    name: "an internal method that inherits the kinds of users",
    proto: proto('credentials: "jwt"', "internal: true"),
    want: [
      "7:1: p.S.M: `internal: true` does not fit the service's `credentials` (FILE:4:46): internal callers have other credentials. Add `credentials` with the kinds that this method takes. (a warning with strict=false)",
    ],
  },
  {
    name: "a method for users that inherits the kinds of services",
    proto: proto('internal: true, credentials: "mesh"', "internal: false, requires: {}"),
    want: [
      "7:1: p.S.M: `internal: false` does not fit the service's `credentials` (FILE:4:62): internal callers have other credentials. Add `credentials` with the kinds that this method takes. (a warning with strict=false)",
    ],
  },
  {
    name: "an inherited public over requires, policy and internal",
    proto: proto("public: true", 'requires: {\nscopes: "a"\n}\npolicy: "allow"\ninternal: true'),
    want: [
      "8:1: p.S.M: `requires` has no effect: the service sets `public: true` (FILE:4:46), so anybody may call. Add `public: false` to keep it, or delete it. (a warning with strict=false)",
      '10:1: p.S.M: `policy: "allow"` has no effect beside `requires` in one method_auth: callers who meet its requirements may call. Delete one of them. (a warning with strict=false)',
      '10:1: p.S.M: `policy: "allow"` has no effect: the service sets `public: true` (FILE:4:46), so anybody may call. Add `public: false` to keep it, or delete it. (a warning with strict=false)',
      "11:1: p.S.M: `internal: true` has no effect: the service sets `public: true` (FILE:4:46), so anybody may call. Add `public: false` to keep it, or delete it. (a warning with strict=false)",
    ],
  },
  {
    name: "public over an inherited internal",
    proto: proto("internal: true", "public: true"),
    want: [
      "7:1: p.S.M: `public: true` overrides the service's `internal: true` (FILE:4:46), so anybody may call. Add `internal: false` to open the method, or delete `public: true`. (a warning with strict=false)",
    ],
  },
  {
    name: "characters that a reader cannot see",
    proto: proto("", 'requires: {\nroles: "a\\342\\200\\213b"\nscopes: "\\342\\200\\256"\nroles: "c\\302\\240"\n}'),
    want: [
      '8:1: p.S.M: role "a\\u200bb" contains the unreadable character U+200B, so no caller has it. Write "ab".',
      '9:1: p.S.M: scope "\\u202e" contains the unreadable character U+202E, so no caller has it. Write the name of a scope, or delete the entry.',
      '10:1: p.S.M: role "c\\u00a0" contains the unreadable character U+00A0, so no caller has it. Write "c".',
    ],
  },
  {
    name: "an inherited default_requires over a policy",
    proto: proto('default_requires: {roles: "a"}', 'policy: "allow"'),
    want: [
      '7:1: p.S.M: `policy: "allow"` has no effect: the service sets `default_requires` (FILE:4:65), so callers who meet its requirements may call. Write `requires` instead, or move `default_requires` to the methods that need it. (a warning with strict=false)',
    ],
  },
  {
    name: "an inherited internal over a policy",
    proto: proto("internal: true", 'policy: "deny"'),
    want: [
      '7:1: p.S.M: `policy: "deny"` has no effect: the service sets `internal: true` (FILE:4:46), so only trusted internal callers may call. Add `internal: false` to keep it, or delete it. (a warning with strict=false)',
    ],
  },
  {
    name: "duplicates",
    proto: proto("", 'requires: {\nroles: ["a", "a"]\nscopes: "s"\nscopes: "s"\n}'),
    want: [
      '8:1: p.S.M: role "a" is listed twice. Delete one, or write the role that you meant. (a warning with strict=false)',
      '10:1: p.S.M: scope "s" is listed twice. Delete one, or write the scope that you meant. (a warning with strict=false)',
    ],
  },
];

const fileOf = (index: number) => `case${String(index).padStart(2, "0")}.proto`;
const schema = compile(
  Object.fromEntries(
    table.map(({ proto }, index) => [fileOf(index), proto.replace("package p;", `package p${index};`)]),
  ),
);
const expectedLines = table.map(({ want }, index) =>
  want.map((line) => `${fileOf(index)}:${line.replaceAll(/\bp\.S/g, `p${index}.S`).replaceAll("FILE", fileOf(index))}`),
);

describe("a problem stops generation and says where, what, and what to write", () => {
  test.each(table.map(({ name }, index) => ({ name, index })))("$name", ({ index }) => {
    const { error, files, warnings } = runPlugin(requestFor(schema, [fileOf(index)], "target=ts"));
    expect(error.split("\n")).toEqual(expectedLines[index]);
    expect(files.size).toBe(0);
    expect(warnings).toBe("");
  });

  test("with strict=false ambiguities are warnings of the same form, and the table is written", () => {
    const isAmbiguous = (line: string) => line.endsWith("(a warning with strict=false)");
    const indexes = [...table.entries()].filter(([, { want }]) => want.every(isAmbiguous)).map(([index]) => index);
    expect(indexes.length).toBeGreaterThanOrEqual(4);
    const request = requestFor(schema, indexes.map(fileOf), "target=ts,strict=false");
    const { error, files, warnings } = runPlugin(request);
    const lines = indexes.flatMap((index) => expectedLines[index] ?? []);
    expect(error).toBe("");
    expect(files.size).toBe(indexes.length);
    expect(warnings.trimEnd().split("\n")).toEqual(
      lines.map((line) =>
        line.replace(" (a warning with strict=false)", "").replace(/^(\w+\.proto:\d+:\d+: )/, "$1warning: "),
      ),
    );
  });

  test.each([
    { name: "two roles and two scopes", text: proto("", 'requires: {roles: ["a", "b"], scopes: ["s", "t"]}') },
    {
      name: "a method that overrides its service",
      text: proto("public: true", 'public: false, requires: {roles: "a"}'),
    },
    { name: "an internal method in a public service", text: proto("public: true", "public: false, internal: true") },
  ])("$name: no problem", ({ text }) => {
    const { error, files, warnings } = runPlugin(requestFor(compile({ "a.proto": text }), ["a.proto"], "target=ts"));
    expect({ error, files: files.size, warnings }).toEqual({ error: "", files: 1, warnings: "" });
  });

  test("all problems of all files come together, sorted, whatever the order of the request", () => {
    const names = table.map((_, index) => fileOf(index));
    const forwards = runPlugin(requestFor(schema, names));
    const backwards = runPlugin(requestFor(schema, [...names].reverse()));
    expect(forwards.error.split("\n")).toEqual(expectedLines.flat());
    expect(backwards.error).toBe(forwards.error);
    // Nor of its descriptors, which come in the order of imports.
    const isCase = ({ name }: { name: string }) => name.startsWith("case");
    const file = [...schema.file.filter((one) => !isCase(one)), ...schema.file.filter(isCase).reverse()];
    expect(runPlugin(requestFor({ ...schema, file }, names)).error).toBe(forwards.error);
  });

  test("a service's policy that never applies is a warning, strict or not", () => {
    const dead = compile({
      "a.proto": proto('default_policy: "deny", default_requires: {roles: "a"}', ""),
    });
    const { error, files, warnings } = runPlugin(requestFor(dead, ["a.proto"], "target=ts"));
    expect({ error, files: files.size }).toEqual({ error: "", files: 1 });
    expect(warnings).toBe(
      'a.proto:4:46: warning: p.S: `default_policy: "deny"` has no effect beside `default_requires` in one service_auth: callers who meet its requirements may call. Delete one of them.\n',
    );
  });

  test("what has no position comes before what has", () => {
    const partly = compile({
      "a.proto": `syntax = "proto3"; ${options}\nservice A { option (connectum.auth.v1.service_auth) = {default_policy: "x"}; }\nservice B { option (connectum.auth.v1.service_auth) = {default_policy: "y"}; }`,
    });
    for (const { sourceCodeInfo } of partly.file) {
      if (sourceCodeInfo === undefined) continue;
      sourceCodeInfo.location = sourceCodeInfo.location.filter(({ path }) => path[1] !== 1);
    }
    expect(runPlugin(requestFor(partly, ["a.proto"])).error.split("\n")).toEqual([
      expect.stringMatching(/^a\.proto: B: unknown default_policy "y"/),
      expect.stringMatching(/^a\.proto:2:\d+: A: unknown default_policy "x"/),
    ]);
  });

  test("without source positions the element is named", () => {
    const stripped = compile({ "a.proto": proto("", 'policy: "Deny"') });
    for (const file of stripped.file) delete file.sourceCodeInfo;
    expect(runPlugin(requestFor(stripped, ["a.proto"])).error).toMatch(/^a\.proto: p\.S\.M: unknown policy "Deny"/);
  });
});

const extended = (text: string) =>
  `syntax = "proto2"; package acme; import "google/protobuf/descriptor.proto";\n${text}\nmessage Empty {}\n` +
  "service S {\n  rpc M(Empty) returns (Empty) {\n    option (mine) = OPTION;\n  }\n}";

describe("another extension with our number", () => {
  test.each([
    { name: "of a scalar type", type: "string", option: '"x"' },
    { name: "of a number type", type: "int32", option: "1" },
    { name: "of a message that looks like ours", type: "Mine", option: "{public: true}" },
  ])("$name is refused", ({ type, option }) => {
    const text = extended(
      `message Mine { optional bool public = 1; }\nextend google.protobuf.MethodOptions { optional ${type} mine = 50100; }`,
    ).replace("OPTION", option);
    const { error, files } = runPlugin(requestFor(compile({ "acme.proto": text }), ["acme.proto"]));
    expect(files.size).toBe(0);
    expect(error).toMatch(
      /^acme\.proto:3:\d+: extension acme\.mine claims number 50100 of google\.protobuf\.MethodOptions, which belongs to connectum\.auth\.v1\.method_auth\. Its values would be read as access rules\. Give it another number\.$/,
    );
  });

  test("nested in a message of an imported file, it is refused as well", () => {
    const schema = compile({
      "lib.proto":
        'syntax = "proto2"; package lib; import "google/protobuf/descriptor.proto";\nmessage A { message B {\n  extend google.protobuf.ServiceOptions { optional string s = 50101; }\n} }',
      "user.proto": 'syntax = "proto3"; import "lib.proto"; service S { option (lib.A.B.s) = "x"; }',
    });
    expect(runPlugin(requestFor(schema, ["user.proto"])).error).toMatch(
      /^lib\.proto:3:\d+: extension lib\.A\.B\.s claims number 50101 of google\.protobuf\.ServiceOptions/,
    );
  });

  test("each is found where it is, at the top and in messages, with a package or without", () => {
    const text =
      'syntax = "proto2"; import "google/protobuf/descriptor.proto";\n' +
      "extend google.protobuf.MethodOptions {\noptional string fine = 50102;\noptional string top = 50100; }\n" +
      "message A {}\nmessage B { message C {} message D {\n" +
      "extend google.protobuf.MethodOptions {\noptional string also = 50103; }\n" +
      "extend google.protobuf.ServiceOptions {\noptional string deep = 50101; }\n} }";
    const { error } = runPlugin(requestFor(compile({ "a.proto": text }), ["a.proto"]));
    expect(error.split("\n").map((line) => line.replace(/ of google.*/, ""))).toEqual([
      "a.proto:4:1: extension top claims number 50100",
      "a.proto:10:1: extension B.D.deep claims number 50101",
    ]);
  });

  test("it is found by its extendee, with a leading dot or without", () => {
    const schema = compile({
      "a.proto":
        'syntax = "proto2"; import "google/protobuf/descriptor.proto";\nextend google.protobuf.MethodOptions { optional string s = 50100; }\nservice S {}',
    });
    const withDot = runPlugin(requestFor(schema, ["a.proto"])).error;
    for (const { extension } of schema.file) {
      for (const field of extension) field.extendee = field.extendee.replace(/^\./, "");
    }
    expect(runPlugin(requestFor(schema, ["a.proto"])).error).toBe(withDot);
    expect(withDot).toContain("extension s claims number 50100 of google.protobuf.MethodOptions");
  });

  test("the same numbers on other options are nobody's business", () => {
    const text =
      'syntax = "proto2"; import "google/protobuf/descriptor.proto";\n' +
      "extend google.protobuf.FieldOptions { optional string f = 50100; optional string g = 50101; }\n" +
      "extend google.protobuf.MethodOptions { optional string h = 50102; }\nservice S {}";
    const { error, files } = runPlugin(requestFor(compile({ "a.proto": text }), ["a.proto"], "target=ts"));
    expect(error).toBe("");
    expect(files.size).toBe(1);
  });
});

describe("an options proto that is not this version's", () => {
  const newer = (fields: string, extra = "") => `syntax = "proto2"; package connectum.auth.v1;
import "google/protobuf/descriptor.proto";
extend google.protobuf.MethodOptions { optional MethodAuth method_auth = 50100; }
extend google.protobuf.ServiceOptions { optional ServiceAuth service_auth = 50101; }
message ServiceAuth { optional string default_policy = 1; optional AuthRequirements default_requires = 2; }
message AuthRequirements { repeated string roles = 1; repeated string scopes = 2; ${extra} }
message MethodAuth { optional bool public = 1; optional AuthRequirements requires = 2; optional string policy = 3; ${fields} }`;
  const user = (option: string) => `syntax = "proto3"; ${options}
message Empty {}
service S {
  rpc M(Empty) returns (Empty) {
    option (connectum.auth.v1.method_auth) = {
${option}
    };
  }
}`;
  const optionsName = "connectum/auth/v1/options.proto";
  const unknownField =
    "which this version of the plugin does not know. Ignoring it could open access. Update protoc-gen-connectum-auth, or delete the field.";

  test.each([
    {
      name: "a new field",
      options: newer("optional string audience = 9;"),
      use: 'public: true\naudience: "x"',
      at: "7:1",
      field: "9",
    },
    {
      name: "a new field of requirements",
      options: newer("", "repeated string groups = 7;"),
      use: 'requires: {\ngroups: "x"\n}',
      at: "7:1",
      field: "2.7",
    },
    {
      name: "a new field that is a boolean, as public and internal are",
      options: newer("optional bool trusted = 9;"),
      use: "trusted: true",
      at: "6:1",
      field: "9",
    },
    {
      name: "a field with another type",
      options: newer("optional string internal = 4;"),
      use: 'internal: "x"',
      at: "6:1",
      field: "4",
      why: "but not with the type of field connectum.auth.v1.MethodAuth.internal. Decoding it could open access. Import the connectum/auth/v1/options.proto that comes with the plugin.",
    },
  ])("$name is refused: guessing could open access", ({ options, use, at, field, why = unknownField }) => {
    const schema = compile({ [optionsName]: options, "a.proto": user(use) });
    const { error, files } = runPlugin(requestFor(schema, ["a.proto"]));
    expect(files.size).toBe(0);
    expect(error).toBe(`a.proto:${at}: S.M: method_auth sets field ${field}, ${why}`);
  });

  test("an older options proto, with fewer fields, works", () => {
    const schema = compile({ [optionsName]: newer(""), "a.proto": user('requires: {roles: "a"}') });
    const { error, files } = runPlugin(requestFor(schema, ["a.proto"], "target=ts"));
    expect(error).toBe("");
    expect(files.get("a_auth.ts")).toContain('M: { access: "requires", roles: ["a"], scopes: [] }');
  });

  test("the other one of our numbers is refused as well, and hides nothing that is wrong elsewhere", () => {
    const both = newer("").replace("50100", "50101");
    const text = `syntax = "proto3"; ${options}\nservice S { option (connectum.auth.v1.service_auth) = {default_policy: "x"}; }`;
    const schema = compile({ [optionsName]: both, "a.proto": text });
    expect(runPlugin(requestFor(schema, ["a.proto"])).error.split("\n")).toEqual([
      expect.stringMatching(/^a\.proto:2:\d+: S: unknown default_policy "x"/),
      expect.stringContaining(
        "extension connectum.auth.v1.method_auth has number 50101 of google.protobuf.MethodOptions",
      ),
    ]);
  });

  test("another number for our extension is refused: its values would be ignored", () => {
    const schema = compile({ [optionsName]: newer("").replace("50100", "50200"), "a.proto": user('policy: "deny"') });
    expect(runPlugin(requestFor(schema, ["a.proto"])).error).toContain(
      "connectum/auth/v1/options.proto:3:40: extension connectum.auth.v1.method_auth has number 50200 of google.protobuf.MethodOptions, " +
        "but the plugin reads number 50100 of google.protobuf.MethodOptions, so its values would be ignored. " +
        "Import the connectum/auth/v1/options.proto that comes with the plugin.",
    );
  });
});
