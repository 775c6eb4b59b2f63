import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";
import { lexer, type Tokens } from "marked";
import { describe, expect, test } from "vitest";
import { startPlugin } from "../generator/plugin-process.js";
import { describeSchema, serializeRequest } from "../generator/random-schema.js";
import { readResponse, runPlugin } from "../generator/run-plugin.js";
import { compile, requestFor } from "../generator/schema.js";
import { serviceProto } from "../openapi/run-overlay.js";
import { root } from "../published/run.js";
import { report, run } from "./run-report.js";

/** A proto whose service has a comment. */
const commented = (comment: string) =>
  serviceProto({ Do: "public: true" }).replace("service S {", `${comment.replace(/^/gm, "// ")}\nservice S {`);

describe("a comment that looks like the head of a generated file stays whole", () => {
  const comment = [
    "First.",
    "// @generated from file x.proto",
    "// option features.x = LEGACY",
    "file the files in protoFiles.proto (syntax proto2)",
  ].join("\n");

  test.each(["json", "html", "md"])("as %s", (kind) => {
    const text = report({ "a.proto": commented(comment) }, `a.${kind}`);
    expect(text).toContain("// option features.x = LEGACY");
    expect(text).toMatch(/file the files in protoFiles\.proto \\?\(syntax proto2\\?\)/);
    if (kind === "json") expect(JSON.parse(text).services[0].description).toBe(comment);
  });
});

describe("Markdown", () => {
  const tables = (markdown: string) => lexer(markdown).filter((token): token is Tokens.Table => token.type === "table");

  test("has a backslash before a pipe in one cell", () => {
    const role = "a\\|b\\";
    const proto = serviceProto({ Do: `requires: {roles: ${JSON.stringify(role)}}` });
    const [methods, matrix, index] = tables(report({ "a.proto": proto }, "a.md"));
    expect(methods?.rows[0]?.[3]?.text).toBe("`method_auth.requires`");
    expect(matrix?.rows).toHaveLength(1);
    expect(matrix?.rows[0]?.map(({ text }) => text)).toEqual(["`Do`", "●"]);
    const code = "<code>a&#92;&#124;b&#92;</code>";
    expect(matrix?.header[1]?.text).toBe(`role ${code}`);
    expect(index?.rows[0]?.map(({ text }) => text)).toEqual([code, "1", "`a.v1.S/Do`"]);
  });

  test("keeps the comments of a schema as plain paragraphs", () => {
    const comment = [
      "Title",
      "===",
      "",
      "- one",
      "1. two",
      "",
      "      indented *code*",
      "\ttab",
      "costs $1 or $2",
    ].join("\n");
    const [quote] = lexer(report({ "a.proto": commented(comment) }, "a.md")).filter(
      (token): token is Tokens.Blockquote => token.type === "blockquote",
    );
    expect(quote?.tokens.map(({ type }) => type).filter((type) => type !== "space")).toEqual([
      "paragraph",
      "paragraph",
      "paragraph",
    ]);
    expect(quote?.text).toContain("costs \\$1 or \\$2");
  });

  test("says which fields give conditions and resources", () => {
    const proto = serviceProto(
      { Get: 'requires: {permissions: "a"}, condition: "request.id != \\"\\""', Open: "public: true, exempt: true" },
      'resource: "id", condition: "has(caller.claims.tenant)"',
    );
    const [methods] = tables(report({ "a.proto": proto }, "a.md"));
    expect(methods?.rows.map((cells) => cells[3]?.text)).toEqual([
      "`method_auth.requires`, `service_auth.resource`, `service_auth.condition`, `method_auth.condition`",
      "`method_auth.public`, exempt from the service’s condition and resource",
    ]);
  });
});

describe("CSV", () => {
  const conditionOf = (csv: string) => csv.split("\n")[1]?.split(",")[13];

  test("joins conditions as the table does", () => {
    const proto = serviceProto(
      { Do: "requires: {}, condition: \"request.id == 'b'\"" },
      "condition: \"request.id != '' || caller.subject != ''\"",
    );
    const joined = "(request.id != '' || caller.subject != '') && (request.id == 'b')";
    const { files } = run({ "a.proto": proto }, "report=a.csv");
    expect(conditionOf(files.get("a.csv") ?? "")).toBe(joined);
    expect(files.get("a_auth.ts")).toContain(`cel: "${joined}"`);
  });

  test("shows hidden characters of a condition", () => {
    const proto = serviceProto({ Do: "requires: {}, condition: \"request.id == 'a\u202eb'\"" });
    expect(conditionOf(report({ "a.proto": proto }, "a.csv"))).toBe("request.id == 'a\\u202eb'");
  });

  test("tells one role from two", () => {
    const rolesOf = (roles: string[]) => {
      const csv = report({ "a.proto": serviceProto({ Do: `requires: {roles: ${JSON.stringify(roles)}}` }) }, "a.csv");
      return csv
        .split("\n")[1]
        ?.replace(/^.*,requires,/, "")
        .replace(/,,,,,.*$/, "");
    };
    expect(rolesOf(["a", "b"])).toBe("a; b");
    expect(rolesOf(["a; b"])).toBe('"""a; b"""');
  });
});

test("a name that a schema repeats counts once, with strict=false", () => {
  const proto = serviceProto({ Do: 'requires: {roles: ["a", "a"], any_permissions: ["p", "p"]}' });
  const { files, error } = run({ "a.proto": proto }, "strict=false,report=a.json,report=a.md");
  expect(error).toBe("");
  const data = JSON.parse(files.get("a.json") ?? "");
  expect(data.services[0].methods[0]).toMatchObject({
    callers: "Requires role a and permission p",
    roles: ["a"],
    anyPermissions: ["p"],
  });
  const schema = JSON.parse(readFileSync(join(root, "plugin/access-report.schema.json"), "utf8"));
  expect(new Ajv2020().compile(schema)(data)).toBe(true);
  expect(files.get("a.md")).toContain("| `Do` | ● | ● |");
});

describe("a report of a part of the schema", () => {
  const lib = serviceProto({ Do: "public: true" }).replace("package a.v1", "package lib");
  const user = serviceProto({ Do: "public: true" }).replace(
    "message M { string",
    'import "lib.proto"; message M { lib.M m = 2; string',
  );
  const generate = (names: string[], options: string) =>
    runPlugin(requestFor(compile({ "lib.proto": lib, "user.proto": user }), names, `target=ts,${options}`));

  test("is refused", () => {
    const { error, files } = generate(["user.proto"], "report=a.md");
    expect(files.size).toBe(0);
    expect(error).toBe(
      'invalid option "report=a.md": the report would lack services: this run imports lib.proto but does not generate it. ' +
        "Generate the report in one run over all files: one input, `strategy: all`, no --path. " +
        "Each input in buf.gen.yaml is a separate run. To cover some packages only, list them in registry_packages",
    );
  });

  test.each([
    { name: "of the whole schema is written", names: ["user.proto", "lib.proto"], options: "report=a.md" },
    { name: "of listed packages is written", names: ["user.proto"], options: "report=a.md,registry_packages=a.v1" },
    { name: "is not needed for tables", names: ["user.proto"], options: "strict=true" },
  ])("$name", ({ names, options }) => {
    const { error, files } = generate(names, options);
    expect(error).toBe("");
    expect(files.has("a.md")).toBe(options.includes("report"));
  });
});

test("reports of 10,000 methods are ten times as long as those of 1,000", () => {
  const requires = (index: number) => ({
    roles: [`role${index % 20}`],
    scopes: [],
    permissions: [`p${index % 50}.read`],
  });
  const sizes = (services: number) => {
    const methods = Array.from({ length: 100 }, (_, index) => ({ requires: requires(index) }));
    const model = { services: Array.from({ length: services }, () => ({ said: undefined, methods })) };
    const all = "tables=false,report=a.md,report=a.csv,report=a.json,report=a.html";
    const { files, error } = readResponse(startPlugin(serializeRequest(describeSchema(model), all)).stdout);
    expect(error).toBe("");
    return [...files].map(([name, content]) => ({ name, length: content.length }));
  };
  const small = sizes(10);
  for (const [index, { name, length }] of sizes(100).entries()) {
    const ratio = length / (small[index]?.length ?? 0);
    expect(ratio, name).toBeGreaterThan(9);
    expect(ratio, name).toBeLessThan(11);
  }
});
