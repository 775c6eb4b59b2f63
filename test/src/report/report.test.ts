import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";
import { lexer, type Tokens, walkTokens } from "marked";
import { describe, expect, test } from "vitest";
import { goldenFolder, protosFolder, readFolder } from "../generator/golden-files.js";
import { serviceProto } from "../openapi/run-overlay.js";
import { root } from "../published/run.js";
import { report, run } from "./run-report.js";

const mixed = serviceProto(
  {
    Open: "public: true, exempt: true",
    Edit: 'requires: {roles: ["admin", "editor"], scopes: ["orders:write", "orders:read"]}',
    Own: 'requires: {permissions: "a.read", any_permissions: ["a.own", "a.all"]}, resource: "id"',
    Purge: 'internal: true, requires: {scopes: "purge"}',
    Inherit: "",
  },
  'default_requires: {roles: "staff"}, condition: "request.id != \\"\\""',
).replace("service S {", "// The desk | <orders>.\nservice S {");

describe("a whole report", () => {
  test("as Markdown", () => {
    expect(report({ "a.proto": mixed }, "access.md")).toMatchInlineSnapshot(`
      "# Access report

      5 methods of 1 service, 1 public, 1 internal, 3 requires, 4 with a condition, 1 with a resource, 0 deprecated.

      ## \`a.v1.S\`

      \`a.proto\`

      > The desk \\| &lt;orders\\>.

      | method | who may call | kind | decided by |
      | --- | --- | --- | --- |
      | \`Open\` | Public: no authentication | unary | \`method_auth.public\`, exempt from the service’s condition and resource |
      | \`Edit\` | Requires one of the roles admin, editor and all of the scopes orders:write, orders:read, only if \`request.id != ""\` | unary | \`method_auth.requires\`, \`service_auth.condition\` |
      | \`Own\` | Requires permission a.read and one of the permissions a.own, a.all, on the resource \`request.id\`, only if \`request.id != ""\` | unary | \`method_auth.requires\`, \`method_auth.resource\`, \`service_auth.condition\` |
      | \`Purge\` | Internal: only trusted internal callers with scope purge, only if \`request.id != ""\` | unary | \`method_auth.internal\`, \`method_auth.requires\`, \`service_auth.condition\` |
      | \`Inherit\` | Requires role staff, only if \`request.id != ""\` | unary | \`service_auth.default_requires\`, \`service_auth.condition\` |

      | method | role \`admin\` | role \`editor\` | role \`staff\` | scope \`orders:read\` | scope \`orders:write\` | scope \`purge\` | permission \`a.all\` | permission \`a.own\` | permission \`a.read\` |
      | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |
      | \`Open\` | | | | | | | | | |
      | \`Edit\` | ○ | ○ | | ● | ● | | | | |
      | \`Own\` | | | | | | | ○ | ○ | ● |
      | \`Purge\` | | | | | | ● | | | |
      | \`Inherit\` | | | ● | | | | | | |

      ● needed, ○ one of these suffices

      ## Roles

      | role | methods | required by |
      | --- | --- | --- |
      | \`admin\` | 1 | \`a.v1.S/Edit\` |
      | \`editor\` | 1 | \`a.v1.S/Edit\` |
      | \`staff\` | 1 | \`a.v1.S/Inherit\` |

      ## Scopes

      | scope | methods | required by |
      | --- | --- | --- |
      | \`orders:read\` | 1 | \`a.v1.S/Edit\` |
      | \`orders:write\` | 1 | \`a.v1.S/Edit\` |
      | \`purge\` | 1 | \`a.v1.S/Purge\` |

      ## Permissions

      | permission | methods | required by |
      | --- | --- | --- |
      | \`a.all\` | 1 | \`a.v1.S/Own\` |
      | \`a.own\` | 1 | \`a.v1.S/Own\` |
      | \`a.read\` | 1 | \`a.v1.S/Own\` |
      "
    `);
  });

  test("as CSV", () => {
    expect(report({ "a.proto": mixed }, "access.csv")).toMatchInlineSnapshot(`
      "service,method,kind,deprecated,access,roles,scopes,permissions,any_permissions,acr,max_age_seconds,credentials,resource,condition,decided_by,exempt,file
      a.v1.S,Open,unary,false,public,,,,,,,,,,method_auth.public,true,a.proto
      a.v1.S,Edit,unary,false,requires,admin; editor,orders:write; orders:read,,,,,,,"request.id != """"",method_auth.requires; service_auth.condition,false,a.proto
      a.v1.S,Own,unary,false,requires,,,a.read,a.own; a.all,,,,id,"request.id != """"",method_auth.requires; method_auth.resource; service_auth.condition,false,a.proto
      a.v1.S,Purge,unary,false,internal,,purge,,,,,,,"request.id != """"",method_auth.internal; method_auth.requires; service_auth.condition,false,a.proto
      a.v1.S,Inherit,unary,false,requires,staff,,,,,,,,"request.id != """"",service_auth.default_requires; service_auth.condition,false,a.proto
      "
    `);
  });

  test("as JSON, with a method", () => {
    const { services, ...rest } = JSON.parse(report({ "a.proto": mixed }, "access.json"));
    expect(rest).toMatchInlineSnapshot(`
      {
        "acr": [],
        "credentials": [],
        "permissions": [
          {
            "methods": [
              "a.v1.S/Own",
            ],
            "name": "a.all",
          },
          {
            "methods": [
              "a.v1.S/Own",
            ],
            "name": "a.own",
          },
          {
            "methods": [
              "a.v1.S/Own",
            ],
            "name": "a.read",
          },
        ],
        "roles": [
          {
            "methods": [
              "a.v1.S/Edit",
            ],
            "name": "admin",
          },
          {
            "methods": [
              "a.v1.S/Edit",
            ],
            "name": "editor",
          },
          {
            "methods": [
              "a.v1.S/Inherit",
            ],
            "name": "staff",
          },
        ],
        "scopes": [
          {
            "methods": [
              "a.v1.S/Edit",
            ],
            "name": "orders:read",
          },
          {
            "methods": [
              "a.v1.S/Edit",
            ],
            "name": "orders:write",
          },
          {
            "methods": [
              "a.v1.S/Purge",
            ],
            "name": "purge",
          },
        ],
        "totals": {
          "allow": 0,
          "deny": 0,
          "deprecated": 0,
          "internal": 1,
          "methods": 5,
          "public": 1,
          "requires": 3,
          "services": 1,
          "unspecified": 0,
          "withCondition": 4,
          "withResource": 1,
        },
        "version": 1,
      }
    `);
    expect(services[0].methods[2]).toMatchInlineSnapshot(`
      {
        "access": "requires",
        "acr": [],
        "anyPermissions": [
          "a.own",
          "a.all",
        ],
        "callers": "Requires permission a.read and one of the permissions a.own, a.all",
        "conditions": [
          {
            "from": "service_auth.condition",
            "text": "request.id != """,
          },
        ],
        "credentials": [],
        "decidedBy": [
          "method_auth.requires",
        ],
        "deprecated": false,
        "description": "",
        "exempt": false,
        "kind": "unary",
        "maxAgeSeconds": null,
        "name": "Own",
        "permissions": [
          "a.read",
        ],
        "resource": {
          "from": "method_auth.resource",
          "text": "id",
        },
        "roles": [],
        "scopes": [],
      }
    `);
  });

  test("several in one run, beside the tables or alone", () => {
    const all = "report=a.md,report=b/a.html,report=a.json,report=a.csv";
    const beside = run({ "a.proto": mixed }, all);
    expect([...beside.files.keys()]).toEqual(["a_auth.ts", "a.md", "b/a.html", "a.json", "a.csv"]);
    const alone = run({ "a.proto": mixed }, `${all},tables=false`);
    expect([...alone.files]).toEqual([...beside.files].filter(([name]) => name !== "a_auth.ts"));
    const targets = run({ "a.proto": mixed }, "target=ts+js+dts,report=a.md");
    expect([...targets.files.keys()]).toEqual(["a_auth.ts", "a.md", "a_auth.js", "a_auth.d.ts"]);
  });

  test("of a run without services", () => {
    const none = { "a.proto": 'syntax = "proto3"; message M {}' };
    expect(report(none, "a.md")).toContain("0 methods of 0 services");
    expect(JSON.parse(report(none, "a.json"))).toMatchObject({ services: [], roles: [], totals: { methods: 0 } });
    expect(report(none, "a.csv").trim().split("\n")).toHaveLength(1);
  });
});

const golden = Object.fromEntries(readFolder(protosFolder, ".proto"));

interface Method {
  readonly name: string;
  readonly access: string;
  readonly roles: readonly string[];
  readonly scopes: readonly string[];
  readonly permissions: readonly string[];
  readonly anyPermissions: readonly string[];
  readonly acr: readonly string[];
  readonly maxAgeSeconds: number | null;
  readonly credentials: readonly string[];
  readonly conditions: readonly { readonly text: string }[];
  readonly resource: { readonly text: string } | null;
}

// The golden schemas have every kind of row, hostile names, streams, editions and a file without package.
describe("the JSON of every golden schema", () => {
  const data = JSON.parse(report(golden, "access.json"));

  test("fits the published schema, which refuses anything else", () => {
    const validate = new Ajv2020({ allErrors: true }).compile(
      JSON.parse(readFileSync(join(root, "plugin/access-report.schema.json"), "utf8")),
    );
    expect(validate(data), JSON.stringify(validate.errors)).toBe(true);
    const [service] = data.services;
    const broken = [
      { ...data, more: 1 },
      { ...data, version: 2 },
      { ...data, totals: { ...data.totals, public: undefined } },
      { ...data, services: [{ ...service, methods: [{ ...service.methods[0], access: "open" }] }] },
      { ...data, roles: [{ name: "", methods: [] }] },
    ];
    for (const one of broken) expect(validate(JSON.parse(JSON.stringify(one)))).toBe(false);
  });

  test("has the rows of the tables, in their order", async () => {
    const found = new Map<string, object[]>(
      data.services.map(({ name, methods }: { name: string; methods: Method[] }) => [name, methods.map(rowOf)]),
    );
    let rows = 0;
    for (const name of readFolder(join(goldenFolder, "ts"), "_auth.ts").keys()) {
      const tables: Record<string, { typeName: string; methods: Record<string, object> }> = await import(
        join(goldenFolder, "ts", name)
      );
      for (const [key, { typeName, methods }] of Object.entries(tables)) {
        if (!key.endsWith("Policy")) continue;
        const expected = Object.entries(methods).map(([method, row]) => ({
          method,
          ...JSON.parse(JSON.stringify(row)),
        }));
        rows += expected.length;
        expect(found.get(typeName)).toEqual(expected);
      }
    }
    expect(rows).toBeGreaterThan(40);
    expect(data.totals.methods).toBe(rows);
  });
});

/** A row of the report in the form of a table's row. */
function rowOf({ name: method, access, roles, scopes, ...more }: Method): object {
  const hasRequirements = access === "requires" || access === "internal";
  const texts = more.conditions.map(({ text }) => text);
  const cel = texts.length > 1 ? texts.map((text) => `(${text})`).join(" && ") : texts[0];
  return JSON.parse(
    JSON.stringify({
      ...{ method, access },
      ...(hasRequirements && { roles, scopes }),
      permissions: more.permissions.length > 0 ? more.permissions : undefined,
      anyPermissions: more.anyPermissions.length > 0 ? more.anyPermissions : undefined,
      acr: more.acr.length > 0 ? more.acr : undefined,
      maxAgeSeconds: more.maxAgeSeconds ?? undefined,
      credentials: more.credentials.length > 0 ? more.credentials : undefined,
      resource: more.resource ? { path: more.resource.text } : undefined,
      condition: cel === undefined ? undefined : { cel, ...readsPermissions(cel) },
    }),
  );
}

function readsPermissions(cel: string): object {
  return cel.includes("caller.permissions") ? { readsPermissions: true } : {};
}

describe("hostile names", () => {
  const roles = ["a|b", "`x` ``y``", "<b>", "=1+1", "@SUM(A1)", 'q"uote', "a,b", "a;b", "\\", "*s*", "[l](u)", "&amp;"];
  const proto = serviceProto({
    __proto__x: "requires: {}",
    constructor: `requires: {roles: ${JSON.stringify(roles)}}`,
  }).replace("rpc __proto__x", "// <script>alert(1)</script> | `code`\r\n  // # title\n  rpc __proto__");

  test("stay in their cell of Markdown, and are no HTML", () => {
    const tokens = lexer(report({ "a.proto": proto }, "a.md"));
    const tables = tokens.filter((token): token is Tokens.Table => token.type === "table");
    const [, matrix, index] = tables;
    expect(tables.map(({ header }) => header.length)).toEqual([4, roles.length + 1, 3]);
    // A cell too many would be dropped in silence: compare the texts.
    const textOf = ({ tokens }: Tokens.TableCell) =>
      tokens.map((token) => ("text" in token ? token.text : "")).join("");
    expect(matrix?.header.slice(1).map(textOf)).toEqual([...roles].sort().map((role) => `role ${role}`));
    expect(matrix?.rows.map((row) => row.map(textOf))).toEqual([
      ["__proto__", ...roles.map(() => "")],
      ["constructor", ...roles.map(() => "○")],
    ]);
    expect(index?.rows.map(([name]) => name && textOf(name))).toEqual([...roles].sort());
    const types = new Set<string>();
    walkTokens(tokens, ({ type }) => void types.add(type));
    expect([...types].filter((type) => ["html", "link", "em", "strong", "del", "image"].includes(type))).toEqual([]);
  });

  test("are text in a spreadsheet", () => {
    const lines = report({ "a.proto": proto }, "a.csv").trim().split("\n");
    expect(lines).toHaveLength(3);
    expect(lines[2]).toContain(
      `"a|b; \`x\` \`\`y\`\`; <b>; =1+1; @SUM(A1); q""uote; a,b; ""a;b""; \\; *s*; [l](u); ""&amp;"""`,
    );
    const formula = serviceProto({ Do: 'requires: {roles: "=HYPERLINK(1)", scopes: "+1", permissions: "-1"}' });
    expect(report({ "a.proto": formula }, "a.csv")).toContain(",'=HYPERLINK(1),'+1,'-1,");
  });

  test("are data in JSON", () => {
    const { services, roles: found } = JSON.parse(report({ "a.proto": proto }, "a.json"));
    expect(services[0].methods.map(({ name }: Method) => name)).toEqual(["__proto__", "constructor"]);
    expect(found.map(({ name }: { name: string }) => name)).toEqual([...roles].sort());
  });
});

describe("an option that is wrong says what to write", () => {
  const ending = "write a name that ends with .html, .md, .json or .csv";
  test.each([
    ["report=", "report=", "write the name of the file, for example report=access.html"],
    ["report=access", "report=access", ending],
    ["report=access.txt", "report=access.txt", ending],
    ["report=access.HTML", "report=access.HTML", ending],
    ["report=.md", "report=.md", "write a name before the extension"],
    [
      "report=../access.md",
      "report=../access.md",
      "the file must be inside the output folder. Write a relative path with / and without . or ..",
    ],
    ["report=a.md,report=a.md", "report=a.md", "a.md is generated already. Write another name"],
    ["report=a.json,catalogue=a.json", "report=a.json", "a.json is generated already. Write another name"],
    ["tables=no", "tables=no", "expected true, false, 1, 0"],
    ["tables=false", "tables=false", "this run would write no file. Add report=access.html, or delete tables=false"],
    [
      "tables=false,report=a.md,registry=all.ts",
      "tables=false",
      "registry=all.ts needs the tables: its types refer to them. Delete one of both",
    ],
  ])("%s", (options, shown, reason) => {
    const { error, files } = run({ "a.proto": mixed }, options);
    expect(error).toBe(`invalid option ${JSON.stringify(shown)}: ${reason}`);
    expect(files.size).toBe(0);
  });
});
