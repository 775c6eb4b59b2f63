import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { compile } from "../generator/schema.js";
import { generate, serviceProto } from "../openapi/run-overlay.js";

function html(protos: Readonly<Record<string, string>>): string {
  const { files, error } = generate(compile(protos), Object.keys(protos), "report=access.html");
  if (error !== "") throw new Error(error);
  return files.get("access.html") ?? "";
}

/** The rows that a browser shows without the script, as text. */
function rowsOf(page: string): string[] {
  const [, body = ""] = page.split("<main");
  const rows = body.split("<script")[0]?.match(/<tr role="row"[^>]*><th role="rowheader".*?<\/tr>/gs) ?? [];
  return rows.map((row) => textOf(row.replace(/<\/(th|td|div)>|<br>/g, "| ")));
}

function textOf(markup: string): string {
  const entities: Record<string, string> = { amp: "&", lt: "<", gt: ">", quot: '"' };
  const text = markup.replace(/<[^>]*>/g, "").replace(/&(\w+);/g, (whole, name) => entities[name] ?? whole);
  return text.replace(/(\| )+/g, "| ").replace(/^\| |\| $/g, "");
}

const methods = {
  Public: "public: true",
  Internal: 'internal: true, requires: {scopes: "jobs"}',
  Allow: 'policy: "allow"',
  Deny: 'policy: "deny"',
  OneRole: 'requires: {roles: "admin"}',
  Names:
    'requires: {roles: ["admin", "support"], scopes: ["a:b", "c"], permissions: "p.q", any_permissions: ["r", "s"]}',
  SignedIn: "requires: {}",
  Bound: 'requires: {permissions: "p.q"}, condition: "request.id == caller.subject", resource: "id"',
  Unspecified: "",
};

test("each method has a row that needs no script", () => {
  expect(rowsOf(html({ "a.proto": serviceProto(methods) }))).toMatchInlineSnapshot(`
    [
      "Public| public| Anybody, without authentication| method_auth.public",
      "Internal| internal| Only trusted internal callers| scope jobs| method_auth.internal| method_auth.requires",
      "Allow| allow| Any authenticated caller| method_auth.policy",
      "Deny| deny| Nobody| method_auth.policy",
      "OneRole| requires| role admin| method_auth.requires",
      "Names| requires| one of the roles admin support| all of the scopes a:b c| permission p.q| one of the permissions r s| method_auth.requires",
      "SignedIn| requires| Any authenticated caller| method_auth.requires",
      "Bound| requires| permission p.q| on the resource request.id| only if request.id == caller.subject| method_auth.requires| method_auth.resource| method_auth.condition",
      "Unspecified| unspecified| The server’s code decides| nothing",
    ]
  `);
});

test("the page says where a service is declared, its comments, its streams, and what is deprecated", () => {
  const page = html({
    "shop/v1/a.proto": `syntax = "proto3"; package shop.v1;
message M {}
// Orders.
//
// Of a shop.
service OrderService {
  option deprecated = true;
  // Watches & waits.
  rpc Watch(M) returns (stream M);
}
service Empty {}
`,
  });
  expect(page).toContain('<h2><span class="package">shop.v1.</span>OrderService</h2>');
  expect(page).toContain('<code>shop/<wbr>v1/<wbr>a.<wbr>proto</code> <span class="flag">deprecated</span>');
  expect(page).toContain('<p class="about">Orders.\n\nOf a shop.</p>');
  expect(page).toContain("No methods.");
  expect(page).toContain("Who may call the 1 method of 2 services.");
  expect(rowsOf(page)).toEqual([
    "Watch server streaming deprecated Watches & waits.| unspecified| The server’s code decides| nothing",
  ]);
});

describe("text of the schema is text on the page", () => {
  const hostile = [
    "<script>alert(1)</script>",
    "</script><script>alert(2)</script>",
    '"><img/src=x/onerror=alert(3)>',
    "'onfocus='alert(4)",
    "<!--",
    "]]>",
    "&lt;b&gt;",
    "__proto__",
    "constructor",
    "`alert(5)`",
  ];

  test.each(hostile)("%s", (name) => {
    const comment = name.replaceAll("*/", "");
    const schema = serviceProto({ Get: `requires: {roles: ${JSON.stringify(name)}}` });
    const page = html({ "a.proto": schema.replace("  rpc Get", `  // ${comment}\n  rpc Get`) });
    expect(rowsOf(page)).toEqual([`Get ${name}| requires| role ${name}| method_auth.requires`]);
    // Only these elements, in this number, whatever the schema says.
    const clean = html({
      "a.proto": schema.replaceAll(JSON.stringify(name), '"admin"').replace("  rpc Get", "  // x\n  rpc Get"),
    });
    expect(tagsOf(page)).toEqual(tagsOf(clean));
    expect(dataOf(page)).toMatchObject([{ name: "a.v1.S", methods: [{ name: "Get", roles: [name] }] }]);
  });

  test("also of methods with names that objects inherit", () => {
    const names = ["__proto__", "constructor", "hasOwnProperty", "toString"];
    const page = html({
      "a.proto": serviceProto(Object.fromEntries(names.map((name) => [name, "public: true"]))),
    });
    expect(rowsOf(page).map((row) => row.split("|")[0])).toEqual(names);
  });

  test("hidden and bidirectional characters of comments are visible", () => {
    const schema = serviceProto({ Get: "public: true" }).replace("  rpc Get", "  // a\u202eb\u200bc\n  rpc Get");
    const page = html({ "a.proto": schema });
    expect(rowsOf(page)[0]).toContain("Get a\\u202eb\\u200bc|");
    expect(page).not.toMatch(/[\u200b\u202e]/);
  });
});

describe("the file is closed", () => {
  const page = html({ "a.proto": serviceProto(methods) });

  test("its policy allows its own script and style, and nothing else", () => {
    const [, style = ""] = /<style>(.*?)<\/style>/s.exec(page) ?? [];
    const [, script = ""] = /<script>(.*?)<\/script>/s.exec(page) ?? [];
    const hash = (text: string) => `'sha256-${createHash("sha256").update(text).digest("base64")}'`;
    expect(/http-equiv="Content-Security-Policy" content="([^"]*)"/.exec(page)?.[1]?.split("; ")).toEqual([
      "default-src 'none'",
      `style-src ${hash(style)}`,
      `script-src ${hash(script)}`,
      "base-uri 'none'",
      "form-action 'none'",
    ]);
    // The policy binds what follows it.
    expect(page.indexOf("Content-Security-Policy")).toBeLessThan(page.indexOf("<style>"));
    expect(page.match(/<script/g)).toHaveLength(2);
    expect(page).not.toMatch(/ style="| on\w+="/);
  });

  test("it refers to no other file", () => {
    expect(page).not.toMatch(/ (src|href|srcset|action|data)=|url\(|@import|https?:|\bfetch\(|XMLHttpRequest|import\(/);
  });

  test("the same schema gives the same bytes", () => {
    expect(html({ "a.proto": serviceProto(methods) })).toBe(page);
  });

  test("a schema without services gives a page without rows", () => {
    const empty = html({ "a.proto": 'syntax = "proto3"; package a.v1; message M {}' });
    expect(rowsOf(empty)).toEqual([]);
    expect(empty).toContain("Who may call the 0 methods of 0 services.");
    expect(dataOf(empty)).toEqual([]);
  });
});

function tagsOf(page: string): string[] {
  return (page.match(/<\/?[a-z!][^\s>]*/gi) ?? []).filter((tag) => tag !== "<wbr");
}

function dataOf(page: string): unknown {
  return JSON.parse(/<script type="application\/json" id="data">(.*?)<\/script>/s.exec(page)?.[1] ?? "");
}
