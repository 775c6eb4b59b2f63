import { isFieldSet } from "@bufbuild/protobuf";
import type { Declaration } from "../declaration/declaration.js";
import { AuthRequirementsSchema } from "../gen/connectum/auth/v1/options_pb.js";
import { controls, hidden, literal } from "../text/literal.js";
import { ownerName, type Problems, placeOf } from "./problems.js";

/**
 * Reports roles, scopes, permissions and ways of authentication with invalid or unreadable characters, empty ones, and
 * duplicates, and an age that no authentication has.
 */
export function checkRequirements(declaration: Declaration, problems: Problems): void {
  const { field: numbers } = AuthRequirementsSchema;
  for (const [kind, field] of [
    ["role", "roles"],
    ["scope", "scopes"],
    ["permission", "permissions"],
    ["permission", "anyPermissions"],
    ["acr", "acr"],
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
  if (declaration.requires?.maxAgeSeconds === 0 && isFieldSet(declaration.requires, numbers.maxAgeSeconds)) {
    const place = placeOf(declaration, declaration.fields.requires.number, numbers.maxAgeSeconds.number);
    const text =
      "`max_age_seconds: 0` lets nobody in: every authentication is older. Write a number of seconds, such as 300.";
    problems.add("error", place, `${ownerName(declaration)}: ${text}`);
  }
}

/** Reports kinds of credentials with invalid or unreadable characters, empty ones, and duplicates. */
export function checkCredentials(declaration: Declaration, problems: Problems): void {
  const names = declaration.credentials ?? [];
  for (const [index, name] of names.entries()) {
    const fault = faultOf(name, "credential");
    if (fault === undefined && names.indexOf(name) === index) continue;
    const advice = "Delete one, or write the name of the scheme that you meant.";
    const text =
      fault === undefined
        ? `is listed twice. ${advice}`
        : `${fault}, so no authentication scheme has this name. ${suggest(name, "credential")}`;
    const place = placeOf(declaration, declaration.fields.credentials.number, index);
    const severity = fault === undefined ? "ambiguous" : "error";
    problems.add(severity, place, `${ownerName(declaration)}: credential ${literal(name)} ${text}`);
  }
}

type Kind = "role" | "scope" | "permission" | "acr" | "credential";

/** Returns the fault of a name as a verb phrase. Returns undefined for a valid name. */
function faultOf(name: string, kind: Kind): string | undefined {
  if (name === "") return "is empty";
  if (name.search(controls) >= 0) return "contains a control character";
  const [found] = name.match(hidden) ?? [];
  const code = found?.codePointAt(0)?.toString(16).toUpperCase().padStart(4, "0");
  if (code !== undefined) return `contains the unreadable character U+${code}`;
  if (/^ | $/.test(name)) return "begins or ends with white space";
  return separated(kind) && name.includes(" ") ? `contains a space, which separates ${separated(kind)}` : undefined;
}

/** Returns the lists in which a space separates names of a kind. Undefined if there are none. */
function separated(kind: Kind): string | undefined {
  if (kind === "acr") return "values of acr_values";
  return kind === "scope" || kind === "permission" ? `${kind}s in a token` : undefined;
}

/** Returns the advice for an invalid name: the name without its fault, if any letters remain. */
function suggest(name: string, kind: Kind): string {
  const visible = name.replace(controls, "").replace(hidden, "");
  const words = separated(kind) ? visible.split(" ") : [visible.replace(/^ +| +$/g, "")];
  const names = words.filter((word) => word !== "").map(literal);
  return names.length === 0 ? `Write the name of a ${kind}, or delete the entry.` : `Write ${names.join(", ")}.`;
}
