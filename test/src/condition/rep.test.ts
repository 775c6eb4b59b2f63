import { test } from "vitest";
import { create, fromBinary, toBinary, fromJson } from "@bufbuild/protobuf";
import { registry, requestSchema } from "./requests.js";
import { compileConditions } from "./compile-conditions.js";
import { createCel, createStrictCel } from "./cel-oracle.js";
import { now } from "./pools.js";
import { readFileSync } from "node:fs";
const cases = JSON.parse(readFileSync("/tmp/cases.json", "utf8")) as [string, object?, object?, string?][];
test("rep", () => {
  for (const [text, claims, req, name] of cases) {
    const desc = registry.getMessage("random.v1." + (name ?? "Three"))!;
    const [o] = compileConditions(requestSchema, "random.v1", [{ text, request: desc }]);
    const { claims: cl, ...facts } = { claims: {}, ...claims } as any;
    const caller = { subject: "me", name: undefined, roles: new Set<string>(facts.roles), scopes: new Set<string>(), permissions: new Set<string>(), type: "user", internal: false, claims: cl, ...facts.facts };
    const request = fromBinary(desc, toBinary(desc, fromJson(desc, (req ?? {}) as never)));
    if (o === undefined || "refused" in o) { console.log(text, "REFUSED", o && o.refused); continue; }
    let h; try { h = o.holds(caller, request, now); } catch (e) { h = e; }
    let a, b; try { a = createCel(text, "random.v1", registry)(caller, request, now).result; b = createStrictCel(text, "random.v1", registry)(caller, request, now).result } catch (e) { a = e }
    console.log(text, "| cel", a, "strict", b, "holds", h, "admits", o.admits?.(caller, now), "\n   ", o.holds.toString().replace(/\s+/g, " "));
  }
});
