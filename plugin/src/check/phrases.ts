import type { AccessField, Declaration } from "../declaration/declaration.js";
import { literal } from "../text/literal.js";
import type { Place } from "./problems.js";

/** The callers that a field admits when it decides. */
export const outcomes: { readonly [F in AccessField]: string } = {
  public: "anybody may call",
  internal: "only trusted internal callers may call",
  requires: "callers with its roles and scopes may call",
  policy: "the policy alone decides",
};

/** Fully qualified name of the method or service that an option belongs to. */
export function ownerOf({ owner }: Declaration): string {
  return owner.kind === "rpc" ? `${owner.parent.typeName}.${owner.name}` : owner.typeName;
}

/** A field as the user wrote it: `public: true`, `default_policy: "deny"`, `requires`. */
export function settingOf(declaration: Declaration, field: AccessField): string {
  const { name } = declaration.option.fields[field];
  switch (field) {
    case "requires":
      return `\`${name}\``;
    case "policy":
      return `\`${name}: ${literal(declaration.policy ?? "")}\``;
    default:
      return `\`${name}: ${declaration[field]}\``;
  }
}

/** Where an option is written, or a field in it. */
export function placeOf({ owner, path }: Declaration, ...field: readonly number[]): Place {
  return { file: owner.kind === "rpc" ? owner.parent.file : owner.file, path: [...path, ...field] };
}
