import type { Declaration } from "../declaration/declaration.js";
import { AuthRequirementsSchema } from "../gen/connectum/auth/v1/options_pb.js";
import { controls, hidden, literal } from "../text/literal.js";
import { ownerName, type Problems, placeOf } from "./problems.js";

/** Reports roles, scopes and permissions with invalid or unreadable characters, empty ones, and duplicates. */
export function checkRequirements(declaration: Declaration, problems: Problems): void {
  const { field: numbers } = AuthRequirementsSchema;
  for (const [kind, field] of [
    ["role", "roles"],
    ["scope", "scopes"],
    ["permission", "permissions"],
    ["permission", "anyPermissions"],
  ] as const) {
    const names = declaration.requires?.[field] ?? [];
    const required: readonly string[] = (field === "anyPermissions" && declaration.requires?.permissions) || [];
    for (const [index, name] of names.entries()) {
      const fault = faultOf(name, kind);
      const isDuplicate = names.indexOf(name) < index;
      const isRequired = required.includes(name);
      if (fault === undefined && !isDuplicate && !isRequired) continue;
      const place = placeOf(declaration, declaration.fields.requires.number, numbers[field].number, index);
      const inBoth = "is in `permissions`, too, so `any_permissions` has no effect. Delete one of them.";
      const duplicate = `is listed twice. Delete one, or write the ${kind} that you meant.`;
      const text =
        fault === undefined
          ? isDuplicate
            ? duplicate
            : inBoth
          : `${fault}, so no caller has it. ${suggest(name, kind)}`;
      const severity = fault === undefined ? "ambiguous" : "error";
      problems.add(severity, place, `${ownerName(declaration)}: ${kind} ${literal(name)} ${text}`);
    }
  }
}

type Kind = "role" | "scope" | "permission";

/** Returns the fault of a name as a verb phrase. Returns undefined for a valid name. */
function faultOf(name: string, kind: Kind): string | undefined {
  if (name === "") return "is empty";
  if (name.search(controls) >= 0) return "contains a control character";
  const [found] = name.match(hidden) ?? [];
  const code = found?.codePointAt(0)?.toString(16).toUpperCase().padStart(4, "0");
  if (code !== undefined) return `contains the unreadable character U+${code}`;
  if (/^ | $/.test(name)) return "begins or ends with white space";
  return kind !== "role" && name.includes(" ") ? `contains a space, which separates ${kind}s in a token` : undefined;
}

/** Returns the advice for an invalid name: the name without its fault, if any letters remain. */
function suggest(name: string, kind: Kind): string {
  const visible = name.replace(controls, "").replace(hidden, "");
  const words = kind !== "role" ? visible.split(" ") : [visible.replace(/^ +| +$/g, "")];
  const names = words.filter((word) => word !== "").map(literal);
  return names.length === 0 ? `Write the name of a ${kind}, or delete the entry.` : `Write ${names.join(", ")}.`;
}
