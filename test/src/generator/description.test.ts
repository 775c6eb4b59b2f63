import { describe, expect, test } from "vitest";
import { startPlugin } from "./plugin-in-process.js";
import { describeSchema, type Said, serializeRequest } from "./random-schema.js";
import { readResponse } from "./run-plugin.js";

const admin = { roles: ["admin"], scopes: [] };
const nobody = { roles: [], scopes: [] };

/** What a method and its service say, and the comment above the method's row. */
const table: readonly { service?: Said; method?: Said; want: string }[] = [
  { want: "Unspecified: the server's rules decide." },
  { method: { public: true }, want: "Public: no authentication." },
  { service: { public: true }, want: "Public: no authentication (from service_auth.public)." },
  { service: { requires: admin }, method: { public: true }, want: "Public: no authentication." },
  { method: { policy: "allow" }, want: "Allow: any authenticated caller." },
  { service: { policy: "allow" }, want: "Allow: any authenticated caller (from service_auth.default_policy)." },
  { method: { policy: "deny" }, want: "Deny: nobody." },
  { service: { policy: "deny" }, want: "Deny: nobody (from service_auth.default_policy)." },
  { method: { internal: true }, want: "Internal: only trusted internal callers." },
  { service: { internal: true }, want: "Internal: only trusted internal callers (from service_auth.internal)." },
  {
    method: { internal: true, requires: admin },
    want: "Internal: only trusted internal callers with role admin.",
  },
  {
    service: { requires: admin },
    method: { internal: true },
    want: "Internal: only trusted internal callers with role admin (from service_auth.default_requires).",
  },
  {
    service: { internal: true, requires: admin },
    want: "Internal: only trusted internal callers with role admin (from service_auth.internal and service_auth.default_requires).",
  },
  {
    service: { requires: nobody },
    method: { internal: true },
    want: "Internal: only trusted internal callers.",
  },
  { method: { requires: nobody }, want: "Requires an authenticated caller." },
  { service: { requires: nobody }, want: "Requires an authenticated caller (from service_auth.default_requires)." },
  { method: { requires: admin }, want: "Requires role admin." },
  { service: { requires: admin }, want: "Requires role admin (from service_auth.default_requires)." },
  {
    service: { requires: admin },
    method: { requires: { roles: ["owner"], scopes: [] } },
    want: "Requires role owner.",
  },
  {
    method: { requires: { roles: ["a", "b:c.d/e-f_0"], scopes: ["s"] } },
    want: "Requires one of the roles a, b:c.d/e-f_0 and scope s.",
  },
  { method: { requires: { roles: [], scopes: ["s", "t"] } }, want: "Requires all of the scopes s, t." },
  {
    method: { requires: { roles: ["or b", "!x", "x!"], scopes: [] } },
    want: 'Requires one of the roles "or b", "!x", "x!".',
  },
];

describe("a row says in words who may call", () => {
  test.each(table)("$want", ({ service, method, want }) => {
    const file = describeSchema({ services: [{ said: service, methods: [method] }] });
    const { files, error } = readResponse(startPlugin(serializeRequest(file, "target=ts")).stdout);
    expect(error).toBe("");
    expect(files.get("random_auth.ts")).toContain(`    /**\n     * ${want}\n     *\n`);
  });
});
