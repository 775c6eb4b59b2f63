import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { pluginPath } from "./plugin-package.js";
import { buf, inFolder, optionsFolder } from "./schema.js";

const optionsProto = "connectum/auth/v1/options.proto";
const require = createRequire(import.meta.url);

/** A service whose methods would be public without their rules, and one with rules at methods only. */
const shop = `syntax = "proto3";
package shop;
import "${optionsProto}";
message M {}
service S {
  option (connectum.auth.v1.service_auth) = {public: true};
  rpc Delete(M) returns (M) {
    option (connectum.auth.v1.method_auth) = {public: false, requires: {roles: ["admin"]}};
  }
  rpc List(M) returns (M);
}
`;
const billing = `syntax = "proto3";
package billing;
import "${optionsProto}";
message M {}
service T {
  rpc Pay(M) returns (M) {
    option deprecated = true;
    option (connectum.auth.v1.method_auth).policy = "deny";
  }
}
`;

interface Generation {
  readonly status: number | null;
  readonly stderr: string;
  readonly read: (name: string) => string | undefined;
}

/** Lines for the plugin and for its input, flags, and another plugin beside it. */
interface Setup {
  readonly plugin?: string[];
  readonly input?: string[];
  readonly flags?: string[];
  readonly beside?: string;
}

/** Runs buf over both files. */
function generate<T>(
  { plugin = [], input = [], flags = [], beside = "" }: Setup,
  use: (generation: Generation) => T,
  protos: Record<string, string> = { "proto/shop.proto": shop, "proto/billing.proto": billing },
): T {
  const template = [
    "version: v2",
    "inputs:",
    "  - directory: proto",
    ...input.map((line) => `    ${line}`),
    "plugins:",
    `  - local: ${JSON.stringify([process.execPath, pluginPath])}`,
    "    out: gen",
    "    strategy: all",
    ...plugin.map((line) => `    ${line}`),
    beside,
  ];
  const files = {
    ...protos,
    [`options/${optionsProto}`]: readFileSync(join(optionsFolder, optionsProto), "utf8"),
    "buf.yaml": JSON.stringify({ version: "v2", modules: [{ path: "proto" }, { path: "options" }] }),
    "buf.gen.yaml": template.join("\n"),
  };
  return inFolder(files, (folder) => {
    const [command, ...args] = buf;
    const { status, stderr } = spawnSync(command, [...args, "generate", ...flags], { cwd: folder, encoding: "utf8" });
    const read = (name: string) => {
      const path = join(folder, "gen", name);
      return existsSync(path) ? readFileSync(path, "utf8") : undefined;
    };
    return use({ status, stderr, read });
  });
}

const removed = [
  "connectum.auth.v1.method_auth",
  "connectum.auth.v1.service_auth",
  "connectum.auth.v1.MethodAuth",
  "connectum.auth.v1.ServiceAuth",
  "connectum.auth.v1.AuthRequirements",
  "google.protobuf.MethodOptions",
  "google.protobuf.ServiceOptions",
];

describe("a type filter of buf that removes rules stops generation", () => {
  const places = [
    { place: "the plugin", filter: (types: string) => ({ plugin: [`exclude_types: [${types}]`, "opt: [target=ts]"] }) },
    { place: "the input", filter: (types: string) => ({ input: [`exclude_types: [${types}]`] }) },
    {
      place: "the command line",
      filter: (types: string) => ({ flags: types.split(", ").map((type) => `--exclude-type=${type}`) }),
    },
  ];
  // At every place an extension, its message, and the message that it extends; at the plugin all types.
  const ofEach = ["connectum.auth.v1.method_auth", "connectum.auth.v1.ServiceAuth", "google.protobuf.MethodOptions"];
  const cases = places.flatMap((place) =>
    (place.place === "the plugin" ? removed : ofEach).map((type) => ({ ...place, type })),
  );

  test.each(cases)("$type, excluded at $place", ({ type, filter }) => {
    generate(filter(type), ({ status, stderr, read }) => {
      expect({ status, file: read("shop_auth.ts") ?? read("shop_auth.js") }).toEqual({ status: 1, file: undefined });
      expect(stderr).toMatch(/connectum\/auth\/v1\/options\.proto: a filter removed \w+/);
      expect(stderr).toContain("exclude_types, types, --exclude-type, --type");
    });
  });

  test.each([
    { name: "a package of ours", types: "connectum.auth.v1" },
    { name: "all of google.protobuf", types: "google.protobuf" },
    { name: "both extensions", types: "connectum.auth.v1.method_auth, connectum.auth.v1.service_auth" },
    { name: "both options messages", types: "google.protobuf.MethodOptions, google.protobuf.ServiceOptions" },
  ])("$name: the options proto is gone, and a position remains", ({ types }) => {
    generate({ plugin: [`exclude_types: [${types}]`] }, ({ status, stderr }) => {
      expect(status).toBe(1);
      expect(stderr).toMatch(
        /billing\.proto:7:5: billing\.T\.Pay: an option is written here, but the plugin did not receive/,
      );
    });
  });

  test("types that leave one of the extensions out", () => {
    generate({ plugin: ["types: [billing.T]"] }, ({ status, stderr }) => {
      expect(status).toBe(1);
      expect(stderr).toContain("a filter removed service_auth, ServiceAuth, ServiceAuth.default_requires");
    });
    generate({ flags: ["--type=shop.S.List"] }, ({ status, stderr }) => {
      expect(status).toBe(1);
      expect(stderr).toContain("a filter removed method_auth, MethodAuth, MethodAuth.requires");
    });
  });
});

describe("a filter that removes everything leaves a run without rules", () => {
  const protos = { "proto/shop.proto": shop };

  test("which says so", () => {
    generate(
      { plugin: ["exclude_types: [connectum.auth.v1]", "opt: [target=ts]"] },
      ({ status, stderr, read }) => {
        expect(status).toBe(0);
        expect(stderr).toContain(
          `shop.proto: warning: no file of this run imports ${optionsProto}, so every method is unspecified.`,
        );
        expect(stderr).toContain("require_options=true makes this an error");
        expect(read("shop_auth.ts")).not.toContain('"public"');
      },
      protos,
    );
  });

  test("and stops with require_options", () => {
    generate(
      { plugin: ["exclude_types: [connectum.auth.v1]", "opt: [target=ts, require_options=true]"] },
      ({ status, stderr, read }) => {
        expect({ status, file: read("shop_auth.ts") }).toEqual({ status: 1, file: undefined });
        expect(stderr).toContain(
          `shop.proto: no file of this run imports ${optionsProto}, so every method is unspecified.`,
        );
        expect(stderr).not.toContain("require_options=true makes");
      },
      protos,
    );
  });
});

describe("a filter that leaves the rules alone is fine", () => {
  test.each([
    { name: "none", how: { plugin: ["opt: [target=ts]"] } },
    { name: "none, with require_options", how: { plugin: ["opt: [target=ts, require_options=true]"] } },
    { name: "another service", how: { plugin: ["opt: [target=ts]", "exclude_types: [billing.T]"] } },
    { name: "a package that has both options", how: { plugin: ["opt: [target=ts]", "types: [shop]"] } },
    { name: "a service that has both options", how: { plugin: ["opt: [target=ts]"], flags: ["--type=shop.S"] } },
    { name: "a path", how: { plugin: ["opt: [target=ts]"], flags: ["--path=proto/shop.proto"] } },
  ])("$name", ({ how }) => {
    generate(how, ({ status, stderr, read }) => {
      expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
      expect(read("shop_auth.ts")).toContain('Delete: { access: "requires", roles: ["admin"], scopes: [] }');
      expect(read("shop_auth.ts")).toContain('List: { access: "public" }');
    });
  });

  test("protoc-gen-es does without the options, beside it", () => {
    const es = require.resolve("@bufbuild/protoc-gen-es/bin/protoc-gen-es");
    const excluded = "exclude_types: [connectum.auth.v1.method_auth, connectum.auth.v1.service_auth]";
    const beside = `  - {local: ${JSON.stringify([process.execPath, es])}, out: gen, opt: [target=ts], strategy: all, ${excluded}}`;
    generate({ plugin: ["opt: [target=ts]"], beside }, ({ status, read }) => {
      expect(status).toBe(0);
      expect(read("shop_auth.ts")).toContain('List: { access: "public" }');
      expect(read("shop_pb.ts")).not.toContain("connectum");
    });
  });
});
