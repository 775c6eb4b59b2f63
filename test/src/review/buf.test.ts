import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { buf, inFolder, optionsFolder } from "../generator/schema.js";

const bin = fileURLToPath(new URL("../../../plugin/bin", import.meta.url));
const example = fileURLToPath(new URL("../../../example/proto", import.meta.url));

/** Runs buf with our plugin on the PATH. */
function runBuf(folder: string, ...args: string[]): { readonly status: number | null; readonly output: string } {
  const [command, ...first] = buf;
  const env = { ...process.env, PATH: `${bin}${delimiter}${process.env["PATH"]}` };
  const { status, stdout, stderr } = spawnSync(command, [...first, ...args], { cwd: folder, env, encoding: "utf8" });
  return { status, output: `${stdout}${stderr}`.trim() };
}

interface Annotation {
  readonly path: string;
  readonly start_line: number;
  readonly type: string;
  readonly message: string;
}

/** The findings of a command: the line, the rule, and the message. */
function findings(folder: string, ...args: string[]): readonly string[] {
  const { output } = runBuf(folder, ...args, "--error-format", "json");
  return output
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Annotation)
    .map(({ start_line, type, message }) => `${start_line} ${type.replace("CONNECTUM_AUTH_", "")} ${message}`);
}

const configuration = (options = {}) =>
  JSON.stringify({
    version: "v2",
    modules: [{ path: "proto" }],
    plugins: [{ plugin: "buf-plugin-connectum-auth", options }],
    lint: { use: ["CONNECTUM_AUTH"] },
    breaking: { use: ["CONNECTUM_AUTH_BREAKING"] },
  });

function inModule<T>(proto: string, options: object, use: (folder: string) => T): T {
  return inFolder({ "buf.yaml": configuration(options), "proto/p/v1/p.proto": proto }, (folder) => {
    cpSync(optionsFolder, join(folder, "proto"), { recursive: true });
    return use(folder);
  });
}

const head = `syntax = "proto3";
package p.v1;
import "connectum/auth/v1/options.proto";
message R { string tenant_id = 1; }
message Empty {}`;
const auth = (text: string) => `{ option (connectum.auth.v1.method_auth) = {${text}}; }`;

describe("buf lint", () => {
  test("reports each rule at its line", () => {
    const proto = `${head}
service Mistakes {
  rpc Undeclared(Empty) returns (Empty);
  rpc DeleteAll(Empty) returns (Empty) ${auth("public: true")}
  rpc Typo(Empty) returns (Empty) ${auth('policy: "Deny"')}
  rpc Both(Empty) returns (Empty) ${auth('requires: {roles: "admin"} policy: "allow"')}
  rpc Unknown(Empty) returns (Empty) ${auth('requires: {roles: "admim"}')}
  rpc Pattern(Empty) returns (Empty) ${auth('requires: {permissions: "Read"}')}
  rpc Condition(Empty) returns (Empty) ${auth('requires: {} condition: "request.tenant_id == caller.claims.tenant"')}
}
service Repeats {
  option (connectum.auth.v1.service_auth) = {default_requires: {roles: ["admin", "support"]} public: false};
  rpc Get(Empty) returns (Empty) ${auth('requires: {roles: ["support", "admin"]}')}
  rpc List(Empty) returns (Empty) ${auth("public: false")}
}
service Tenants {
  option (connectum.auth.v1.service_auth) = {default_requires: {}};
  rpc Get(R) returns (Empty);
  rpc List(R) returns (Empty);
  rpc Ping(Empty) returns (Empty) ${auth("public: true")}
}`;
    const options = { roles: ["admin", "support"], permission_pattern: "^[a-z.]+$" };
    const found = inModule(proto, options, (folder) => findings(folder, "lint"));
    expect(found).toMatchInlineSnapshot(`
      [
        "7 DECLARED p.v1.Mistakes.Undeclared: has no access rule, so the server's code decides. Set \`requires\`, \`policy\` or \`public\`.",
        "8 PUBLIC_READ_ONLY p.v1.Mistakes.DeleteAll: is public, but its name says that it writes. Set \`requires\`, or rename it.",
        "9 VALID p.v1.Mistakes.Typo: unknown policy "Deny". Did you mean "deny"? Write "allow" or "deny".",
        "10 UNAMBIGUOUS p.v1.Mistakes.Both: \`policy: "allow"\` has no effect beside \`requires\` in one method_auth: callers who meet its requirements may call. Delete one of them.",
        "11 KNOWN_NAMES p.v1.Mistakes.Unknown: role "admim" is not in the option \`roles\`. Did you mean admin?",
        "12 NAME_PATTERN p.v1.Mistakes.Pattern: permission "Read" does not match ^[a-z.]+$.",
        "13 VALID p.v1.Mistakes.Condition: condition at character 9 (tenant_id): p.v1.Empty has no field "tenant_id": it has no fields.",
        "17 NO_REPEATED_DEFAULT p.v1.Repeats.Get: \`requires\` repeats the service's \`default_requires\`. Delete it.",
        "18 NO_REPEATED_DEFAULT p.v1.Repeats.List: \`public\` repeats the service's \`public\`. Delete it.",
        "21 TENANT_CONDITION p.v1.Tenants: 2 of its requests name a tenant_id that no condition checks, such as that of Get. Add a condition to the service, such as "request.tenant_id == caller.claims.tenant", or a resource.",
      ]
    `);
  });

  test("finds nothing in the example, and the plugin's rules can be listed", () => {
    inFolder({ "buf.yaml": configuration({ roles: ["customer", "support", "admin"] }) }, (folder) => {
      mkdirSync(join(folder, "proto"));
      cpSync(example, join(folder, "proto"), { recursive: true });
      cpSync(optionsFolder, join(folder, "proto"), { recursive: true });
      // The server's rules decide one service: a comment says that this is on purpose.
      expect(findings(folder, "lint")).toEqual([]);
      const proto = join(folder, "proto/shop/v1/user.proto");
      writeFileSync(proto, readFileSync(proto, "utf8").replace("buf:lint:ignore", ""));
      expect(findings(folder, "lint")).toEqual([
        "33 DECLARED shop.v1.FeedbackService.SendFeedback: has no access rule, so the server's code decides. Set `requires`, `policy` or `public`.",
      ]);
      const { output } = runBuf(folder, "config", "ls-lint-rules", "--configured-only");
      expect(output.match(/^CONNECTUM_AUTH_\w+/gm)).toHaveLength(8);
      expect(runBuf(folder, "config", "ls-breaking-rules").output).toContain("CONNECTUM_AUTH_NOT_WIDENED");
    });
  });

  test("a comment takes a line out", () => {
    const proto = `${head}
service S {
  // buf:lint:ignore CONNECTUM_AUTH_DECLARED
  rpc Get(Empty) returns (Empty);
}`;
    expect(inModule(proto, {}, (folder) => findings(folder, "lint"))).toEqual([]);
  });

  test.each([
    { options: { role: ["admin"] }, want: 'unknown option "role" of buf-plugin-connectum-auth. Did you mean roles?' },
    { options: { role_pattern: "(" }, want: "option role_pattern: expected a regular expression, such as ^[a-z]+$" },
  ])("a wrong option says what to write: $options", ({ options, want }) => {
    const { status, output } = inModule(head, options, (folder) => runBuf(folder, "lint"));
    expect(status).toBe(1);
    expect(output).toContain(want);
  });
});

describe("buf breaking", () => {
  const admin = 'requires: {roles: "admin"}';
  const condition = 'condition: "request.tenant_id == caller.claims.tenant"';
  const changes: readonly { name: string; before: string; after: string; want: readonly string[] }[] = [
    {
      name: "a role added to any-of",
      before: admin,
      after: 'requires: {roles: ["admin", "support"]}',
      want: ["NOT_WIDENED"],
    },
    { name: "a role removed", before: 'requires: {roles: ["admin", "support"]}', after: admin, want: ["NOT_NARROWED"] },
    {
      name: "another role",
      before: admin,
      after: 'requires: {roles: "support"}',
      want: ["NOT_NARROWED", "NOT_WIDENED"],
    },
    { name: "no role any more", before: admin, after: "requires: {}", want: ["NOT_WIDENED"] },
    {
      name: "a scope removed",
      before: 'requires: {scopes: ["a", "b"]}',
      after: 'requires: {scopes: "a"}',
      want: ["NOT_WIDENED"],
    },
    {
      name: "a permission removed",
      before: 'requires: {permissions: "a"}',
      after: "requires: {}",
      want: ["NOT_WIDENED"],
    },
    { name: "`requires` to `allow`", before: admin, after: 'policy: "allow"', want: ["NOT_WIDENED"] },
    { name: "anything to `public`", before: admin, after: "public: true", want: ["NOT_WIDENED"] },
    {
      name: "`internal` to something wider",
      before: "internal: true",
      after: admin,
      want: ["NOT_NARROWED", "NOT_WIDENED"],
    },
    { name: "a condition removed", before: `${admin} ${condition}`, after: admin, want: ["NOT_WIDENED"] },
    { name: "a condition added", before: admin, after: `${admin} ${condition}`, want: ["NOT_NARROWED"] },
    {
      name: "a condition changed",
      before: `${admin} ${condition}`,
      after: `${admin} condition: "has(caller.claims.tenant)"`,
      want: ["NOT_NARROWED", "NOT_WIDENED"],
    },
    { name: "a rule removed", before: admin, after: "", want: ["NOT_NARROWED", "NOT_WIDENED"] },
    { name: "nothing", before: `${admin} ${condition}`, after: `${admin} ${condition}`, want: [] },
    {
      name: "the order of roles",
      before: 'requires: {roles: ["a", "b"]}',
      after: 'requires: {roles: ["b", "a"]}',
      want: [],
    },
  ];

  test("names the rule, the method, and the access before and after", () => {
    const schema = (side: "before" | "after") =>
      `${head}\nservice S {\n${changes.map((one, i) => `  rpc M${i}(R) returns (Empty) ${auth(one[side])}`).join("\n")}\n}`;
    const found = inModule(schema("before"), {}, (folder) => {
      runBuf(folder, "build", "-o", "before.binpb");
      return inModule(schema("after"), {}, (next) =>
        findings(next, "breaking", "--against", join(folder, "before.binpb")),
      );
    });
    for (const line of found)
      expect(line).toMatch(/^\d+ NOT_\w+ p\.v1\.S\.M\d+: access may (widen|narrow) from ".+" to ".+"\.$/);
    const rules = changes.map(({ name }, i) => ({
      name,
      got: found.filter((line) => line.startsWith(`${7 + i} `)).map((line) => line.split(" ")[1]),
    }));
    expect(rules).toEqual(changes.map(({ name, want }) => ({ name, got: want })));
  });

  test("a method made exempt from the service's condition, and a new public method", () => {
    const text = (method: string) => `${head}
service S {
  option (connectum.auth.v1.service_auth) = {default_requires: {} ${condition}};
  rpc M(R) returns (Empty)${method}
}`;
    inModule(text(";"), {}, (folder) => {
      runBuf(folder, "build", "-o", "before.binpb");
      const next = `${auth("exempt: true")}\n  rpc N(Empty) returns (Empty) ${auth("public: true exempt: true")}`;
      const found = inModule(text(next), {}, (now) =>
        findings(now, "breaking", "--against", join(folder, "before.binpb")),
      );
      expect(found).toEqual([
        '8 NOT_WIDENED p.v1.S.M: access may widen from "Requires an authenticated caller, only if request.tenant_id == caller.claims.tenant" to "Requires an authenticated caller".',
        "9 NOT_WIDENED p.v1.S.N: is new and public, in a service that had no public method.",
      ]);
    });
  });
});

test("every call of the protocol answers, wrong ones with an error", () => {
  const plugin = (args: readonly string[], input = Buffer.alloc(0)) =>
    spawnSync(process.execPath, [join(bin, "buf-plugin-connectum-auth"), ...args], { input });
  expect(plugin(["--protocol"]).stdout.toString()).toBe("1\n");
  expect(JSON.parse(plugin(["--spec", "--format", "json"]).stdout.toString()).procedures).toHaveLength(3);
  expect(JSON.parse(plugin(["list-rules", "--format", "json"]).stdout.toString()).value.rules).toHaveLength(10);
  expect(JSON.parse(plugin(["list-categories", "--format", "json"]).stdout.toString()).value.categories).toHaveLength(
    2,
  );
  expect(JSON.parse(plugin(["check", "--format", "json"]).stdout.toString()).error).toBeUndefined();
  expect(JSON.parse(plugin(["fly", "--format", "json"]).stdout.toString()).error.code).toBe(12);
  const garbage = plugin(["check", "--format", "json"], Buffer.from("{"));
  expect(garbage.status).toBe(0);
  expect(JSON.parse(garbage.stdout.toString()).error.code).toBe(13);
  expect(plugin([]).status).toBe(1);
});
