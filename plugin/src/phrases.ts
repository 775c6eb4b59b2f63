import type { AccessField, Declaration } from "./declaration.js";
import { literal } from "./literal.js";
import type { Place } from "./problems.js";

/** What it means for a method when a field decides. */
export const outcomes: { readonly [F in AccessField]: string } = {
  public: "anybody may call",
  internal: "only trusted internal callers may call",
  requires: "callers with its roles and scopes may call",
  policy: "the policy alone decides",
};

/** Fully qualified name of what an option belongs to. */
export function ownerOf({ owner }: Declaration): string {
  return "service" in owner ? `${owner.service.typeName}.${owner.name}` : owner.typeName;
}

/** A field as the user wrote it: `public: true`, `default_policy: "deny"`, `requires`. */
export function settingOf(declaration: Declaration, field: AccessField): string {
  const { name } = declaration.option.fields[field];
  switch (field) {
    case "requires":
      return name;
    case "policy":
      return `${name}: ${literal(declaration.policy ?? "")}`;
    default:
      return `${name}: ${declaration[field]}`;
  }
}

/** Where an option is written, or a field in it. */
export function placeOf({ owner, option }: Declaration, ...path: readonly number[]): Place {
  const file = "service" in owner ? owner.service.file : owner.file;
  return { file, path: [...owner.path, ...option.path, ...path] };
}
