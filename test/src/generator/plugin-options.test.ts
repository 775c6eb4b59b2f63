import { create } from "@bufbuild/protobuf";
import { CodeGeneratorRequestSchema, type FileDescriptorSet } from "@bufbuild/protobuf/wkt";
import { createEcmaScriptPlugin } from "@bufbuild/protoplugin";
import { beforeAll, describe, expect, test } from "vitest";
import { explainInvalid } from "../../../plugin/dist/options/options.js";
import { packageVersion } from "./plugin-package.js";
import { runPlugin } from "./run-plugin.js";
import { compile, requestFor } from "./schema.js";

let schema: FileDescriptorSet;
beforeAll(() => {
  schema = compile({
    "a/a.proto":
      '// License,\n// two lines.\n\n// About the syntax.\nsyntax = "proto3";\n\n// Detached.\n\n// About the package.\npackage a.v1;\n\nservice S {}\n',
    "a/quo te.proto": 'edition = "2023";\nservice S {}\n',
    "a/old.proto": 'syntax = "proto2";\npackage old;\nservice S {}\nmessage M { optional group G = 1 {} }\n',
    "a/empty.proto": '// Nothing to see.\nsyntax = "proto3";\npackage a.v1;\nmessage M {}\n',
  });
});

/** What any protobuf-es plugin would write: its files, with nothing but their head. */
function reference(parameter: string) {
  const plugin = createEcmaScriptPlugin({
    name: "protoc-gen-connectum-auth",
    version: `v${packageVersion}`,
    parseOptions: () => ({}),
    generateTs: (schema) => {
      for (const file of schema.files) {
        const f = schema.generateFile(`${file.name}_auth.ts`);
        f.preamble(file);
        if (file.services.length > 0) f.print("// content");
      }
    },
    generateJs: (schema) => {
      for (const file of schema.files) {
        const f = schema.generateFile(`${file.name}_auth.js`);
        f.preamble(file);
        if (file.services.length > 0) f.print("// content");
      }
    },
    generateDts: (schema) => {
      for (const file of schema.files) {
        const f = schema.generateFile(`${file.name}_auth.d.ts`);
        f.preamble(file);
        if (file.services.length > 0) f.print("// content");
      }
    },
  });
  const names = schema.file.map(({ name }) => name).sort();
  return plugin.run(create(CodeGeneratorRequestSchema, requestFor(schema, names, parameter)));
}

function run(parameter: string) {
  return runPlugin(requestFor(schema, schema.file.map(({ name }) => name).sort(), parameter));
}

describe("behaves as every protobuf-es plugin", () => {
  test.each([
    "",
    "target=ts",
    "target=js",
    "target=dts",
    "target=js+dts",
    "target=ts+js+dts",
    "target=dts+ts",
    "target=ts,ts_nocheck=true",
    "target=ts,ts_nocheck=false",
    "target=ts,elide_plugin_version=true",
    "target=ts,keep_empty_files=true",
    "target=js,js_import_style=module",
    "target=ts,import_extension=js",
    "target=ts,import_extension=.ts",
    "target=ts,import_extension=none",
    "target=ts,rewrite_imports=./foo/**/*_pb.js:@acme/foo",
    "target=ts,rewrite_imports=a:b,ts_nocheck=1",
    "target=ts,rewrite_imports=:b",
    "target=ts,rewrite_imports=a:",
    "target=ts,map_imports=a.proto:@acme/a",
    "target=ts,map_imports=a:b",
    "target=ts,bootstrap_wkt=true",
    "target=ts,strict=true",
    'target=ts,rewrite_imports="quo\\ted":b,strict=0',
  ])("with %s: the same files with the same head", (parameter) => {
    const { files, error } = run(parameter);
    const expected = new Map(
      reference(parameter).file.map(({ name, content }) => [name, content.replace(/^\/\/ content[\s\S]*/m, "")]),
    );
    const heads = [...files].map(([name, content]): [string, string] => [
      name,
      content.replace(/^(\/\*\*|"use strict"|export \{\})[\s\S]*/m, ""),
    ]);
    expect(error).toBe("");
    expect(new Map(heads)).toEqual(expected);
  });

  test.each([
    "target=vb",
    "ts_nocheck=maybe",
    "import_extension=mjs",
    "js_import_style=amd",
    "keep_empty_files=2",
    "rewrite_imports=x",
    "map_imports=:x",
    "map_imports=x:",
    "bootstrap_wkt=maybe",
  ])("%s is refused", (parameter) => {
    expect(() => reference(parameter)).toThrow(`invalid option "${parameter}"`);
    const { error, files } = run(parameter);
    expect(error).toMatch(`invalid option "${parameter}": `);
    expect(files.size).toBe(0);
  });

  test("a file without services that is kept is a module", () => {
    const { files } = run("target=ts+js,keep_empty_files=true");
    expect(files.get("a/empty_auth.ts")).toMatch(/\nexport \{\};\n$/);
    expect(files.get("a/empty_auth.js")).toMatch(/\nexport \{\};\n$/);
  });
});

describe("an option that is wrong says what to write", () => {
  const known =
    "Known options: bootstrap_wkt, catalogue, elide_plugin_version, import_extension, js_import_style, keep_empty_files, map_imports, openapi_overlay, openapi_security_scheme, registry, registry_packages, report, require_options, rewrite_imports, strict, tables, target, ts_nocheck";
  test.each([
    ["targets=ts", `unknown option "targets=ts". Did you mean target? ${known}`],
    ["strikt=false", `unknown option "strikt=false". Did you mean strict? ${known}`],
    ["paths=source_relative", `unknown option "paths=source_relative". ${known}`],
    ["strict", 'invalid option "strict": expected true, false, 1, 0'],
    ["strict=true=true", 'invalid option "strict=true=true": expected true, false, 1, 0'],
    ["=true", `unknown option "=true". ${known}`],
    ["import_extension=mjs", 'invalid option "import_extension=mjs": expected none, js, ts'],
    ["strict=no", 'invalid option "strict=no": expected true, false, 1, 0'],
    ["target=", 'invalid option "target=": expected ts, js, dts'],
    ["registry=", 'invalid option "registry=": write the name of the file, for example registry=auth_policies.ts'],
    [
      "target=js,registry=all.ts",
      'invalid option "registry=all.ts": target=js writes no .ts file. Write registry=all.js',
    ],
    [
      "target=ts,registry=all.d.ts",
      'invalid option "registry=all.d.ts": target=ts writes no .d.ts file. Write registry=all.ts',
    ],
    ["registry=.ts", 'invalid option "registry=.ts": write a name before the extension'],
    ["registry=a/.ts", 'invalid option "registry=a/.ts": write a name before the extension'],
    [
      "target=ts,registry=a/a_auth.ts",
      'invalid option "registry=a/a_auth.ts": a/a_auth.ts is generated already. Write another name',
    ],
    ...["/etc/all", "../all", "a/../../all", "a//b", "./a", "C:/all", "a\\b", "a/"].map((name) => [
      `registry=${name}`,
      `invalid option ${JSON.stringify(`registry=${name}`)}: the file must be inside the output folder. Write a relative path with / and without . or ..`,
    ]),
    // protoplugin would name all options that it does not know.
    ["registry=all.ts,strict=maybe", 'invalid option "strict=maybe": expected true, false, 1, 0'],
    ["strict=1,paths", `unknown option "paths". ${known}`],
    ["registry=ab:c", 'invalid option "registry=ab:c": use only letters, digits and . _ - @ + / in the path'],
    ["registry=a b", 'invalid option "registry=a b": use only letters, digits and . _ - @ + / in the path'],
  ] as [string, string][])("%s", (parameter, want) => {
    const { error, files } = run(parameter);
    expect(error).toBe(want);
    expect(files.size).toBe(0);
  });
});

describe("a message is mended where it is protoplugin's", () => {
  const own = 'invalid option "strict=2": expected true, false, 1, 0';
  test.each([
    ['invalid option "target=vb"', 'invalid option "target=vb": expected ts, js, dts'],
    ['invalid option "target=vb": for a reason', undefined],
    ['a.proto: invalid option "target=vb"', undefined],
    ['invalid option "map_imports=x"', undefined],
    [`invalid option "ts_nocheck=1,strict=2": ${own}`, own],
    [`invalid option "a\nb": unknown option "c"`, 'unknown option "c"'],
    [`a.proto: invalid option "x": ${own}`, undefined],
    ['invalid option "x": for a reason', undefined],
  ])("%j", (message, want = message) => expect(explainInvalid(message)).toBe(want));
});

describe("registry", () => {
  test.each([
    ["target=ts,registry=all.ts", ["all.ts"]],
    ["target=ts,registry=all", ["all.ts"]],
    ["target=ts,registry=v1.ts/all", ["v1.ts/all.ts"]],
    ["target=js+dts,registry=lib/all.js", ["lib/all.js", "lib/all.d.ts"]],
    ["target=js+dts,registry=all", ["all.js", "all.d.ts"]],
    ["target=ts+js,registry=all.js", ["all.ts", "all.js"]],
    ["registry=a_auth", ["a_auth.js", "a_auth.d.ts"]],
  ] as [string, string[]][])("%s writes %s", (parameter, want) => {
    const { files, error } = run(parameter);
    expect(error).toBe("");
    expect([...files.keys()].filter((name) => !name.startsWith("a/"))).toEqual(want);
  });

  test.each([
    ["target=ts,registry=all", "all.ts", ["./a/a_auth.js", "./a/old_auth.js", "./a/quo te_auth.js"]],
    ["target=ts,registry=a/all", "a/all.ts", ["./a_auth.js", "./old_auth.js", "./quo te_auth.js"]],
    [
      "target=dts,registry=b/c/all",
      "b/c/all.d.ts",
      ["../../a/a_auth.js", "../../a/old_auth.js", "../../a/quo te_auth.js"],
    ],
    ...[
      ["none", ""],
      ["", ""],
      ["js", ".js"],
      [".js", ".js"],
      ["ts", ".ts"],
      [".ts", ".ts"],
    ].map(([option, ending]) => [
      `target=ts,registry=all,import_extension=${option}`,
      "all.ts",
      ["a_auth", "old_auth", "quo te_auth"].map((name) => `./a/${name}${ending}`),
    ]),
    ["import_extension=none,target=ts,registry=all", "all.ts", ["./a/a_auth", "./a/old_auth", "./a/quo te_auth"]],
    [
      "import_extension=ts,target=ts,import_extension=none,registry=all,import_extension=.js",
      "all.ts",
      ["./a/a_auth.js", "./a/old_auth.js", "./a/quo te_auth.js"],
    ],
    // They are written by the same run, and so are where it puts them.
    [
      "target=ts,registry=all,rewrite_imports=./a/**:@acme/a",
      "all.ts",
      ["./a/a_auth.js", "./a/old_auth.js", "./a/quo te_auth.js"],
    ],
  ] as [string, string, string[]][])("%s takes types from the files beside it", (parameter, name, want) => {
    const registry = run(parameter).files.get(name) ?? "";
    const types = [...registry.matchAll(/^ {2}typeof import\("([^"]*)"\)\.SPolicy,?$/gm)].map(([, path]) => path);
    expect(types.sort()).toEqual(want);
  });

  test("of a schema without services is an empty list", () => {
    const none = compile({ "a.proto": 'syntax = "proto3"; message M {}' });
    const { files } = runPlugin(requestFor(none, ["a.proto"], "target=ts+js+dts,registry=all"));
    expect(files.get("all.ts")).toContain("policies: readonly [] = /* @__PURE__ */ JSON.parse(`[]`);");
    expect(files.get("all.js")).toContain("policies = /* @__PURE__ */ JSON.parse(`[]`);");
    expect(files.get("all.d.ts")).toContain("policies: readonly [];");
  });

  test("in JavaScript refers to no other file", () => {
    for (const style of ["module", "legacy_commonjs"]) {
      const registry = run(`target=js,registry=all,js_import_style=${style}`).files.get("all.js");
      expect(registry).toContain('"typeName":"a.v1.S"');
      expect(registry).not.toMatch(/import\b|require\b|_auth/);
    }
  });

  const part = (pkg: string, imports: string, access: string) =>
    `syntax = "proto3"; package ${pkg}; import "connectum/auth/v1/options.proto"; ${imports}\nmessage M {}\n` +
    `service Same { rpc Do(M) returns (M) { option (connectum.auth.v1.method_auth) = {${access}}; } }`;

  test("has services of one name in two packages, in an order of its own", () => {
    const two = compile({
      "z/z.proto": part("a", "", "public: true"),
      "b/b.proto": part("b", "", "internal: true"),
    });
    const forwards = runPlugin(requestFor(two, ["z/z.proto", "b/b.proto"], "target=ts,registry=all.ts"));
    const backwards = runPlugin(requestFor(two, ["b/b.proto", "z/z.proto"], "target=ts,registry=all.ts"));
    const registry = forwards.files.get("all.ts") ?? "";
    // Nor does it come from the order of the descriptors.
    const file = two.file.filter(({ service }) => service.length === 0);
    file.push(...two.file.filter(({ service }) => service.length > 0).reverse());
    const reversed = requestFor({ ...two, file }, ["z/z.proto", "b/b.proto"], "target=ts,registry=all.ts");
    expect(runPlugin(reversed).files.get("all.ts")).toBe(registry);
    expect(registry).toBe(backwards.files.get("all.ts"));
    expect(registry.match(/"typeName":"\w+\.Same"/g)).toEqual(['"typeName":"a.Same"', '"typeName":"b.Same"']);
    expect(registry).toContain('publicMethods = ["a.Same/Do"] as const');
    expect(registry).toContain('internalMethods = ["b.Same/Do"] as const');
    expect(registry).toContain('protoFiles = ["b/b.proto", "z/z.proto"] as const');
  });

  describe("of a run that sees one directory only", () => {
    const user = part("user", 'import "lib/lib.proto"; message N { lib.M m = 1; }', "public: true");

    test("is refused when it imports access rules from another one", () => {
      const schema = compile({ "user/user.proto": user, "lib/lib.proto": part("lib", "", "public: true") });
      const { error, files } = runPlugin(requestFor(schema, ["user/user.proto"], "target=ts,registry=all.ts"));
      expect(files.size).toBe(0);
      expect(error).toBe(
        'invalid option "registry=all.ts": the registry would lack services: this run imports lib/lib.proto but does not generate it. ' +
          "Generate the registry in one run over all files: one input, `strategy: all`, no --path. " +
          "Each input in buf.gen.yaml is a separate run. To cover some packages only, list them in registry_packages",
      );
      const lenient = requestFor(schema, ["user/user.proto"], "target=ts,registry=all.ts,strict=false");
      expect(runPlugin(lenient).files.size).toBe(2);
    });

    test("is refused when it imports them from the same directory, as with --path", () => {
      const near = user.replace("lib/lib.proto", "user/lib.proto");
      const schema = compile({ "user/user.proto": near, "user/lib.proto": part("lib", "", "public: true") });
      const all = requestFor(schema, ["user/user.proto", "user/lib.proto"], "target=ts,registry=all.ts");
      expect(runPlugin(all).error).toBe("");
      const one = requestFor(schema, ["user/user.proto"], "target=ts,registry=all.ts");
      expect(runPlugin(one).error).toContain("this run imports user/lib.proto but does not generate it");
    });

    test("is refused when only the imported service has a rule", () => {
      const lib =
        'syntax = "proto3"; package lib; import "connectum/auth/v1/options.proto"; message M {}\n' +
        "service Same { option (connectum.auth.v1.service_auth) = {internal: true}; }";
      const schema = compile({ "user/user.proto": user, "lib/lib.proto": lib });
      const { error } = runPlugin(requestFor(schema, ["user/user.proto"], "target=ts,registry=all.ts"));
      expect(error).toContain("this run imports lib/lib.proto but does not generate it");
    });

    test("is written when what it imports has none", () => {
      const lib = 'syntax = "proto3"; package lib; message M {} service Other { rpc Do(M) returns (M); }';
      const schema = compile({ "user/user.proto": user, "lib/lib.proto": lib });
      const { error, files } = runPlugin(requestFor(schema, ["user/user.proto"], "target=ts,registry=all.ts"));
      expect(error).toBe("");
      expect(files.size).toBe(2);
    });
  });

  describe("with the packages that are due", () => {
    const user = part("user", 'import "lib/lib.proto"; message N { lib.M m = 1; }', "public: true");
    const protos = {
      "user/user.proto": user,
      "lib/lib.proto": part("lib", "", "public: true"),
      "types.proto": 'syntax = "proto3"; package types; message T {}',
    };
    const run = (names: string[], packages: string) =>
      runPlugin(requestFor(compile(protos), names, `target=ts,registry=all.ts,registry_packages=${packages}`));
    const setUp =
      "Generate the registry in one run over all files: one input, `strategy: all`, no --path. " +
      "Each input in buf.gen.yaml is a separate run";

    test("is written when all are there, and no others", () => {
      const { error, files } = run(Object.keys(protos), "user+lib");
      expect(error).toBe("");
      expect(files.get("all.ts")).toContain('protoFiles = ["lib/lib.proto", "user/user.proto"]');
    });

    test("may be a part on purpose, whatever its files import", () => {
      expect(run(["user/user.proto"], "user").files.has("all.ts")).toBe(true);
    });

    test.each([
      { names: ["user/user.proto"], packages: "user+lib", want: `this run has no service of package lib. ${setUp}` },
      {
        names: ["lib/lib.proto"],
        packages: "shop.inner.v1+lib",
        want: `this run has no service of package shop.inner.v1. ${setUp}`,
      },
      { names: ["lib/lib.proto"], packages: "user", want: `this run has no service of package user. ${setUp}` },
      {
        names: ["types.proto", "lib/lib.proto"],
        packages: "lib+types",
        want: `this run has no service of package types. ${setUp}`,
      },
      {
        names: ["user/user.proto", "lib/lib.proto"],
        packages: "user",
        want: 'this run also has services of package "lib". List it, or leave its files out',
      },
      ...["", "a++b", "a.", "a b"].map((packages) => ({
        names: ["lib/lib.proto"],
        packages,
        want: "join packages with +, as in registry_packages=shop.v1+billing.v1",
      })),
    ])("is refused for $packages in a run over $names", ({ names, packages, want }) => {
      const { error, files } = run(names, packages);
      expect(error).toBe(`invalid option "registry_packages${packages && `=${packages}`}": ${want}`);
      expect(files.size).toBe(0);
    });
  });
});

describe("the catalogue of permissions", () => {
  const proto = `syntax = "proto3"; package a; import "connectum/auth/v1/options.proto"; message M {}
service S {
  option (connectum.auth.v1.service_auth) = {default_requires: {permissions: "read"}};
  // Reads it.
  rpc Read(M) returns (M);
  // Writes it.
  rpc Write(M) returns (M) {
    option (connectum.auth.v1.method_auth) = {requires: {permissions: ["write", "read"], any_permissions: "own"}};
  }
  rpc Open(M) returns (M) { option (connectum.auth.v1.method_auth) = {public: true}; }
}`;
  const run = (parameter: string, text = proto) =>
    runPlugin(requestFor(compile({ "a.proto": text }), ["a.proto"], parameter));

  test("as JSON lists each permission once, with the comment of its first method", () => {
    const { files } = run("target=js+dts,catalogue=lib/permissions.json");
    expect([...files.keys()].sort()).toEqual(["a_auth.d.ts", "a_auth.js", "lib/permissions.json"]);
    expect(JSON.parse(files.get("lib/permissions.json") ?? "")).toEqual([
      { name: "own", description: "Writes it.", methods: ["a.S/Write"] },
      { name: "read", description: "Reads it.", methods: ["a.S/Read", "a.S/Write"] },
      { name: "write", description: "Writes it.", methods: ["a.S/Write"] },
    ]);
  });

  test("as a module has the same for every target", () => {
    const { files } = run("target=ts+js+dts,catalogue=permissions");
    expect(files.get("permissions.ts")).toContain(
      'name: "own",\n    description: "Writes it.",\n    methods: ["a.S/Write"],',
    );
    expect(files.get("permissions.js")).toContain('methods: ["a.S/Read", "a.S/Write"],');
    expect(files.get("permissions.d.ts")).toContain('readonly methods: readonly ["a.S/Read", "a.S/Write"];');
  });

  test("without permissions is empty", () => {
    const none = 'syntax = "proto3"; package a; message M {} service S { rpc Read(M) returns (M); }';
    expect(run("target=ts,catalogue=permissions.json", none).files.get("permissions.json")?.trim()).toBe("[]");
    expect(run("target=ts,catalogue=permissions.ts", none).files.get("permissions.ts")).toContain(
      "export const permissions = [] as const;",
    );
  });

  test.each([
    { value: "", want: "write the name of the file, for example catalogue=permissions.json" },
    {
      value: "../permissions.json",
      want: "the file must be inside the output folder. Write a relative path with / and without . or ..",
    },
    { value: "permissions.js", want: "target=ts writes no .js file. Write catalogue=permissions.ts" },
    { value: "a_auth.ts", want: "a_auth.ts is generated already. Write another name" },
  ])('catalogue="$value" is refused', ({ value, want }) => {
    const { error, files } = run(`target=ts,catalogue=${value}`);
    expect(error).toBe(`invalid option "catalogue=${value}": ${want}`);
    expect(files.size).toBe(0);
  });

  test("of the same name as the registry is refused", () => {
    const { error } = run("target=ts,registry=all.ts,catalogue=all.ts");
    expect(error).toBe('invalid option "catalogue=all.ts": all.ts is generated already. Write another name');
  });
});
