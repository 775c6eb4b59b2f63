import type { Declaration } from "../declaration/declaration.js";
import { AuthRequirementsSchema } from "../gen/connectum/auth/v1/options_pb.js";
import { controls, hidden, literal } from "../text/literal.js";
import { ownerOf, type Problems, placeOf } from "./problems.js";

/** Reports roles and scopes that no caller can hold, that a reviewer cannot read, or that are listed twice. */
export function checkRequirements(declaration: Declaration, problems: Problems): void {
  const { field: numbers } = AuthRequirementsSchema;
  for (const [kind, field] of [
    ["role", "roles"],
    ["scope", "scopes"],
  ] as const) {
    const names = declaration.requires?.[field] ?? [];
    for (const [index, name] of names.entries()) {
      const fault = faultOf(name, kind);
      const isTwice = names.indexOf(name) < index;
      if (fault === undefined && !isTwice) continue;
      const place = placeOf(declaration, declaration.fields.requires.number, numbers[field].number, index);
      const twice = `is listed twice. Delete one, or write the ${kind} that you meant.`;
      const text = fault === undefined ? twice : `${fault}, so no caller has it. ${suggest(name, kind)}`;
      const severity = fault === undefined ? "ambiguous" : "error";
      problems.add(severity, place, `${ownerOf(declaration)}: ${kind} ${literal(name)} ${text}`);
    }
  }
}

function faultOf(name: string, kind: "role" | "scope"): string | undefined {
  if (name === "") return "is empty";
  if (name.search(controls) >= 0) return "contains a control character";
  const [found] = name.match(hidden) ?? [];
  const code = found?.codePointAt(0)?.toString(16).toUpperCase().padStart(4, "0");
  if (code !== undefined) return `contains U+${code}, which a reader cannot see`;
  if (/^ | $/.test(name)) return "begins or ends with white space";
  return kind === "scope" && name.includes(" ") ? "contains a space, which separates scopes in a token" : undefined;
}

function suggest(name: string, kind: "role" | "scope"): string {
  const visible = name.replace(controls, "").replace(hidden, "");
  const words = kind === "scope" ? visible.split(" ") : [visible.replace(/^ +| +$/g, "")];
  const named = words.filter((word) => word !== "").map(literal);
  return named.length === 0 ? `Write the name of a ${kind}, or delete the entry.` : `Write ${named.join(", ")}.`;
}
