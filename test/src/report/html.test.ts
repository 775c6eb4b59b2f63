import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { serviceProto } from "../openapi/run-overlay.js";
import { report } from "./run-report.js";

const page = report(
  {
    "a.proto": serviceProto(
      {
        Open: "public: true, exempt: true",
        Edit: 'requires: {roles: ["admin", "editor"], scopes: "orders:write"}',
        Own: 'requires: {permissions: "a.read"}, resource: "id"',
      },
      'condition: "request.id != \\"\\""',
    ).replace("rpc Edit", "// Edits.\n  rpc Edit"),
  },
  "access.html",
);

describe("the page", () => {
  test("has every method without JavaScript: access, names, condition, resource, origin, comment", () => {
    const text = page.replace(/<(script|style)[\s\S]*?<\/\1>/g, "").replace(/<[^>]*>/g, "\n");
    const parts = [
      "a.v1.S",
      "Open",
      "public",
      "Edit",
      "Edits.",
      "one of the roles admin, editor and scope orders:write",
    ];
    for (const part of [...parts, "request.id != &quot;&quot;", "service_auth.condition", "request.id", "a.proto"]) {
      expect(text).toContain(part);
    }
    expect(text).toContain("exempt from the service’s condition");
  });

  test("allows its own script and style by their hashes, and nothing else", () => {
    const policy = /http-equiv="Content-Security-Policy" content="([^"]*)"/.exec(page)?.[1] ?? "";
    const hash = (text: string) => `'sha256-${createHash("sha256").update(text).digest("base64")}'`;
    const [, script = ""] = /<script>([\s\S]*?)<\/script>/.exec(page) ?? [];
    const [, style = ""] = /<style>([\s\S]*?)<\/style>/.exec(page) ?? [];
    expect(policy.split("; ")).toEqual([
      "default-src 'none'",
      `script-src ${hash(script)}`,
      `style-src ${hash(style)}`,
      "base-uri 'none'",
      "form-action 'none'",
    ]);
    expect(script.length).toBeGreaterThan(1_000);
  });

  test("refers to nothing outside, and has no handlers or styles in attributes", () => {
    expect(page).not.toMatch(/\b(?:src|href|action|srcset|on[a-z]+|style)\s*=\s*["']/i);
    expect(page).not.toMatch(/@import|url\(|https?:/);
  });
});

describe("hostile names", () => {
  const evil = [
    '"><img src=x onerror=alert(1)>',
    "</script><script>alert(1)</script>",
    "'--><!--",
    "&lt;b&gt;",
    "<\\/x",
  ];
  const proto = serviceProto({ constructor: `requires: {roles: ${JSON.stringify(evil)}}`, __proto: "public: true" })
    .replace("rpc __proto(", "rpc __proto__(")
    .replace("rpc constructor", '// </title><script>alert(2)</script> & \\"\n  rpc constructor');
  const html = report({ "a.proto": proto }, "a.html");

  test("are text: no element and no attribute comes from them", () => {
    expect(html.match(/<script/g)).toHaveLength(2);
    expect(html.match(/<\/script/g)).toHaveLength(2);
    expect(html).not.toContain("<img");
    expect(html).not.toContain("<!--");
  });

  test("are whole in the data and in the form", () => {
    const [, data = ""] = /<script type="application\/json" id="data">([\s\S]*?)<\/script>/.exec(html) ?? [];
    expect(JSON.parse(data).roles.map(({ name }: { name: string }) => name)).toEqual([...evil].sort());
    const values = [...html.matchAll(/name="role" value="([^"]*)"/g)].map(([, value = ""]) => unescapeHtml(value));
    expect(values).toEqual([...evil].sort());
  });
});

function unescapeHtml(text: string): string {
  const entities: Record<string, string> = { "&lt;": "<", "&gt;": ">", "&quot;": '"', "&#39;": "'", "&amp;": "&" };
  return text.replace(/&(?:lt|gt|quot|#39|amp);/g, (entity) => entities[entity] ?? "");
}
