import { readFileSync } from "node:fs";
import { join } from "node:path";
import { clone } from "@bufbuild/protobuf";
import { type FileDescriptorProto, FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { describe, expect, test } from "vitest";
import { runPlugin } from "./run-plugin.js";
import { compile, optionsFolder, requestFor } from "./schema.js";

// What type filters of buf and other tools leave of a schema. `filters.test.ts` starts buf itself.
const optionsProto = "connectum/auth/v1/options.proto";
const advice =
  "Remove connectum.auth.v1 and google.protobuf from the type filters of this plugin, its input and the command line " +
  "(exclude_types, types, --exclude-type, --type).";

const compiled = compile({
  "shop.proto": `syntax = "proto3"; package shop;
import "${optionsProto}";
message M {}
service S {
  option (connectum.auth.v1.service_auth) = {public: true};
  rpc List(M) returns (M);
  rpc Delete(M) returns (M) {
    option (connectum.auth.v1.method_auth) = {public: false, requires: {roles: ["admin"]}};
  }
}
`,
  "billing.proto": `syntax = "proto3"; package billing;
import "${optionsProto}";
message M {}
service T {
  rpc Pay(M) returns (M) {
    option deprecated = true;
    option (connectum.auth.v1.method_auth).policy = "deny";
  }
}
service U {
  option deprecated = true;
  option (connectum.auth.v1.service_auth).internal = true;
}
`,
  "first.proto": `syntax = "proto3"; package first;
import "${optionsProto}";
message M {}
service W {
  rpc Get(M) returns (M) {
    option (connectum.auth.v1.method_auth).policy = "deny";
    option deprecated = true;
  }
}
`,
  "plain.proto":
    'syntax = "proto3"; package plain; message M {} service V { option deprecated = true; rpc Get(M) returns (M) { option deprecated = true; option idempotency_level = NO_SIDE_EFFECTS; } }',
  "empty.proto": 'syntax = "proto3"; package empty; message M {}',
});

/** Generates files of the schema, after a tool has changed it. */
function generate(names: string[], change: (file: FileDescriptorProto) => void, parameter = "target=ts") {
  const schema = clone(FileDescriptorSetSchema, compiled);
  for (const file of schema.file) change(file);
  return runPlugin(requestFor(schema, names, parameter));
}

const everything = ["shop.proto", "billing.proto", "plain.proto", "empty.proto"];
const nothing = () => {};
const withoutMethodOptions = ({ service }: FileDescriptorProto) => {
  for (const one of service.flatMap(({ method }) => method)) delete one.options;
};
const withoutServiceOptions = ({ service }: FileDescriptorProto) => {
  for (const one of service) delete one.options;
};
/** As buf does for excluded types: the options proto, its imports and positions of options go as well. */
function withoutOptionsProto(file: FileDescriptorProto): void {
  withoutMethodOptions(file);
  withoutServiceOptions(file);
  file.dependency = file.dependency.filter((name) => name !== optionsProto);
  for (const info of file.sourceCodeInfo === undefined ? [] : [file.sourceCodeInfo]) {
    info.location = info.location.filter(({ path }) => path[0] !== 3 && !path.includes(50100) && !path.includes(50101));
  }
  emptyOptionsProto(file);
}
/** A request always has the file, since it is in the schema. */
function emptyOptionsProto(file: FileDescriptorProto): void {
  if (file.name === optionsProto) {
    Object.assign(file, { name: "other.proto", package: "other", messageType: [], extension: [] });
  }
}

test("a schema that is whole is generated, and nothing is said", () => {
  for (const parameter of ["target=ts", "target=ts,require_options=true"]) {
    const { error, warnings, files } = generate(everything, nothing, parameter);
    expect({ error, warnings, files: files.size }).toEqual({ error: "", warnings: "", files: 3 });
  }
});

describe("an options proto that lacks a part", () => {
  const parts: { lacks: string; change: (file: FileDescriptorProto) => void }[] = [
    ...["method_auth", "service_auth"].map((lacks) => ({
      lacks,
      change: (file: FileDescriptorProto) => {
        file.extension = file.extension.filter(({ name }) => name !== lacks);
      },
    })),
    ...["MethodAuth.requires", "ServiceAuth.default_requires"].map((lacks) => ({
      lacks,
      change: (file: FileDescriptorProto) => {
        const [message, field] = lacks.split(".");
        for (const one of file.messageType.filter(({ name }) => name === message)) {
          one.field = one.field.filter(({ name }) => name !== field);
        }
      },
    })),
    {
      lacks: "AuthRequirements, MethodAuth.requires, ServiceAuth.default_requires",
      change: (file) => {
        file.messageType = file.messageType.filter(({ name }) => name !== "AuthRequirements");
        for (const one of file.messageType) one.field = one.field.filter(({ typeName }) => typeName === "");
      },
    },
  ];

  test.each(parts)("$lacks", ({ lacks, change }) => {
    const { error, files } = generate(everything, (file) => {
      if (file.name === optionsProto) change(file);
    });
    expect(error).toBe(`${optionsProto}: a filter removed ${lacks} and the access rules that use them. ${advice}`);
    expect(files.size).toBe(0);
  });

  test("fails although nothing in the run needs it, and does not ask to delete the import", () => {
    const { error } = generate(["shop.proto"], (file) => {
      if (file.name === optionsProto) file.extension = file.extension.slice(1);
      withoutMethodOptions(file);
      withoutServiceOptions(file);
      delete file.sourceCodeInfo;
    });
    expect(error).toBe(`${optionsProto}: a filter removed method_auth and the access rules that use them. ${advice}`);
  });

  test("fails under another path as well", () => {
    const move = (file: FileDescriptorProto) => {
      file.dependency = file.dependency.map((name) => (name === optionsProto ? "auth/options.proto" : name));
      if (file.name === optionsProto) file.name = "auth/options.proto";
    };
    expect(generate(everything, move).error).toBe("");
    const { error } = generate(everything, (file) => {
      move(file);
      if (file.name === "auth/options.proto") file.extension = file.extension.slice(1);
    });
    expect(error).toMatch(/^auth\/options\.proto: a filter removed method_auth and/);
    const unused = generate(["shop.proto"], (file) => {
      move(file);
      withoutMethodOptions(file);
      withoutServiceOptions(file);
      delete file.sourceCodeInfo;
    });
    expect(unused.error).toMatch(
      /^shop\.proto: the file imports connectum\/auth\/v1\/options\.proto, but none of its services/,
    );
  });

  test("in two files is whole", () => {
    const text = readFileSync(join(optionsFolder, optionsProto), "utf8");
    const extension = /extend google\.protobuf\.ServiceOptions \{[^}]*\}/.exec(text)?.[0] ?? "";
    const schema = compile({
      [optionsProto]: text.replace(extension, ""),
      "connectum/auth/v1/service.proto": `syntax = "proto2"; package connectum.auth.v1; import "${optionsProto}"; import "google/protobuf/descriptor.proto"; ${extension}`,
      "a.proto": `syntax = "proto3"; import "${optionsProto}"; import "connectum/auth/v1/service.proto"; service S { option (connectum.auth.v1.service_auth) = {}; }`,
    });
    expect(runPlugin(requestFor(schema, ["a.proto"])).error).toBe("");
  });
});

describe("a position of a rule that is not there", () => {
  const written = `is written here, but the plugin did not receive it. ${advice}`;

  test.each(["target=ts", "target=ts,strict=false"])("is an error with %s", (parameter) => {
    expect(generate(everything, withoutMethodOptions, parameter).error.split("\n")).toEqual([
      `billing.proto:7:5: billing.T.Pay: method_auth ${written}`,
      `shop.proto:8:12: shop.S.Delete: method_auth ${written}`,
    ]);
    expect(generate(everything, withoutServiceOptions, parameter).error.split("\n")).toEqual([
      `billing.proto:12:3: billing.U: service_auth ${written}`,
      `shop.proto:5:10: shop.S: service_auth ${written}`,
    ]);
  });

  test("is no position of another option, of another element, or of one that has its rule", () => {
    const { error } = generate(["shop.proto", "plain.proto"], ({ sourceCodeInfo, name }) => {
      const of = (path: number[]) => ({ path, span: [0, 0, 1] });
      if (name !== "plain.proto") return;
      for (const path of [
        [6, 0, 2, 0, 4, 50101],
        [6, 0, 2, 0, 50100],
        [6, 0, 3, 50100],
        [6, 0, 2, 1, 4, 50100],
        [6, 1, 3, 50101],
        [4, 0, 2, 0, 4, 50100],
        [4, 0, 3, 50101],
      ]) {
        sourceCodeInfo?.location.push({ ...sourceCodeInfo.location[0], ...of(path) } as never);
      }
    });
    expect(error).toBe("");
  });
});

describe("a statement of an option from which the option is gone", () => {
  const written = `an option is written here, but the plugin did not receive it. If it is an access rule, a filter removed it. ${advice}`;
  const run = (parameter: string) => generate(["shop.proto", "billing.proto"], withoutOptionsProto, parameter);

  test("is reported where the options proto is gone as well", () => {
    expect(run("target=ts").error.split("\n")).toEqual([
      `billing.proto:6:5: billing.T.Pay: ${written} (a warning with strict=false)`,
      `billing.proto:11:3: billing.U: ${written} (a warning with strict=false)`,
      `shop.proto:5:3: shop.S: ${written} (a warning with strict=false)`,
      `shop.proto:8:5: shop.S.Delete: ${written} (a warning with strict=false)`,
    ]);
    const { error, warnings } = run("target=ts,strict=false");
    expect(error).toBe("");
    expect(warnings).toContain(`billing.proto:6:5: warning: billing.T.Pay: ${written}\n`);
  });

  test("is reported before a statement whose option is there", () => {
    const { error } = generate(["first.proto"], withoutOptionsProto);
    expect(error).toBe(`first.proto:6:5: first.W.Get: ${written} (a warning with strict=false)`);
  });

  test("is none where the option is there", () => {
    const change = (file: FileDescriptorProto) => {
      if (file.name !== "plain.proto") withoutOptionsProto(file);
    };
    const { error, warnings } = generate(["plain.proto"], change);
    expect(error).toBe("");
    expect(warnings).toContain("no file of this run imports");
  });

  test("is somebody else's where the options proto is there", () => {
    const { error } = generate(["shop.proto", "billing.proto"], ({ sourceCodeInfo }) => {
      for (const info of sourceCodeInfo === undefined ? [] : [sourceCodeInfo]) {
        info.location = info.location.filter(({ path }) => !path.includes(33));
      }
    });
    expect(error).toBe("");
  });
});

describe("an import that nothing uses", () => {
  const unused = `the file imports ${optionsProto}, but none of its services and methods has a rule. Delete the import. If the file has rules, a filter removed them. ${advice} (a warning with strict=false)`;

  test.each([
    { name: "an import", text: `import "${optionsProto}"; service S {}`, want: `a.proto:1:20: ${unused}` },
    {
      name: "an import for options",
      text: `import option "${optionsProto}"; service S {}`,
      syntax: 'edition = "2024";',
      want: `a.proto: ${unused}`,
    },
    { name: "a public import, which is for others", text: `import public "${optionsProto}"; service S {}`, want: "" },
    { name: "an import without services", text: `import "${optionsProto}"; message M {}`, want: "" },
    {
      name: "an import for the service's rule",
      text: `import "${optionsProto}"; service S { option (connectum.auth.v1.service_auth) = {}; }`,
      want: "",
    },
    {
      name: "an import for a method's rule",
      text: `import "${optionsProto}"; message M {} service S { rpc A(M) returns (M) { option (connectum.auth.v1.method_auth) = {}; } }`,
      want: "",
    },
    {
      name: "another import",
      text: `import "google/protobuf/descriptor.proto"; import "${optionsProto}"; service S {}`,
      want: `a.proto:1:63: ${unused}`,
    },
  ])("$name: $want", ({ text, syntax = 'syntax = "proto3";', want }) => {
    const schema = compile({ "a.proto": `${syntax} ${text}` });
    const { error, warnings } = runPlugin(requestFor(schema, ["a.proto"], "target=ts"));
    expect({ error, warnings }).toEqual({ error: want, warnings: "" });
    const lenient = runPlugin(requestFor(schema, ["a.proto"], "target=ts,strict=false,require_options=true"));
    const isImported = want
      .replace(" (a warning with strict=false)", "\n")
      .replace(": the file", ": warning: the file");
    expect({ error: lenient.error, warnings: lenient.warnings }).toEqual({ error: "", warnings: isImported });
  });

  test("the import of a file whose rules are gone with their positions", () => {
    const { error } = generate(["billing.proto"], (file) => {
      withoutMethodOptions(file);
      withoutServiceOptions(file);
      delete file.sourceCodeInfo;
    });
    expect(error).toBe(`billing.proto: ${unused}`);
  });
});

describe("a run with services and without the options proto", () => {
  const text = `no file of this run imports ${optionsProto}, so every method is unspecified. If a file imports it, a filter removed the import. ${advice}`;
  const run = (names: string[], parameter: string) =>
    generate(
      names,
      (file) => {
        withoutOptionsProto(file);
        delete file.sourceCodeInfo;
      },
      parameter,
    );

  test("says so", () => {
    const { error, warnings, files } = run(["empty.proto", "shop.proto", "plain.proto"], "target=ts");
    expect({ error, files: files.size }).toEqual({ error: "", files: 2 });
    expect(warnings).toMatch(/^(shop|plain)\.proto: warning: /);
    expect(warnings.replace(/^\w+\.proto: warning: /, "")).toBe(`${text} require_options=true makes this an error.\n`);
  });

  test.each(["require_options=true", "require_options=1,strict=false"])("fails with %s", (parameter) => {
    const { error, warnings, files } = run(["shop.proto"], parameter);
    expect({ error, warnings, files: files.size }).toEqual({ error: `shop.proto: ${text}`, warnings: "", files: 0 });
  });

  test("is no run without services, and none that has the options by other ways", () => {
    for (const parameter of ["target=ts,require_options=true", "target=ts"]) {
      const { error, warnings } = run(["empty.proto"], parameter);
      expect({ error, warnings }).toEqual({ error: "", warnings: "" });
      // A compiler may leave out a file that is imported for its options only.
      const only = generate(
        ["shop.proto"],
        (file) => {
          file.dependency = file.dependency.filter((name) => name !== optionsProto);
          emptyOptionsProto(file);
        },
        parameter,
      );
      expect({ error: only.error, warnings: only.warnings }).toEqual({ error: "", warnings: "" });
    }
  });
});
