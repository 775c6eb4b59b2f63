import type { Place } from "../check/problems.js";

/** A rule of the check plugin, as buf lists it. */
export interface ReviewRule {
  readonly id: string;
  readonly type: "lint" | "breaking";
  readonly isDefault: boolean;
  /** A sentence, without the names of options. */
  readonly purpose: string;
}

/** The category of all lint rules, and that of all breaking rules. */
export const categories = {
  lint: { id: "CONNECTUM_AUTH", purpose: "Checks the access rules of services and methods." },
  breaking: { id: "CONNECTUM_AUTH_BREAKING", purpose: "Checks that the access to methods does not change." },
} as const;

/** The name of a rule in our code. */
export type RuleName =
  | "valid"
  | "unambiguous"
  | "declared"
  | "writePublic"
  | "repeated"
  | "tenant"
  | "known"
  | "pattern"
  | "widened"
  | "narrowed";

export const rules: { readonly [N in RuleName]: ReviewRule } = {
  valid: {
    id: "CONNECTUM_AUTH_VALID",
    type: "lint",
    isDefault: true,
    purpose: "Checks that access rules are accepted by the generator protoc-gen-connectum-auth.",
  },
  unambiguous: {
    id: "CONNECTUM_AUTH_UNAMBIGUOUS",
    type: "lint",
    isDefault: true,
    purpose: "Checks that no access rule is without effect, and that none opens a method by accident.",
  },
  declared: {
    id: "CONNECTUM_AUTH_DECLARED",
    type: "lint",
    isDefault: true,
    purpose: "Checks that every method has an access rule of its own or of its service.",
  },
  writePublic: {
    id: "CONNECTUM_AUTH_PUBLIC_READ_ONLY",
    type: "lint",
    isDefault: true,
    purpose: "Checks that methods whose names say that they write are not public.",
  },
  repeated: {
    id: "CONNECTUM_AUTH_NO_REPEATED_DEFAULT",
    type: "lint",
    isDefault: true,
    purpose: "Checks that methods do not repeat the requirements that they inherit from their service.",
  },
  tenant: {
    id: "CONNECTUM_AUTH_TENANT_CONDITION",
    type: "lint",
    isDefault: true,
    purpose: "Checks that services whose requests name a tenant have a condition or a resource.",
  },
  known: {
    id: "CONNECTUM_AUTH_KNOWN_NAMES",
    type: "lint",
    isDefault: true,
    purpose:
      "Checks that roles, scopes, permissions, acr values and credentials are in the lists that the options give.",
  },
  pattern: {
    id: "CONNECTUM_AUTH_NAME_PATTERN",
    type: "lint",
    isDefault: true,
    purpose: "Checks that roles, scopes and permissions match the patterns that the options give.",
  },
  widened: {
    id: "CONNECTUM_AUTH_NOT_WIDENED",
    type: "breaking",
    isDefault: true,
    purpose: "Checks that no caller gains access to a method.",
  },
  narrowed: {
    id: "CONNECTUM_AUTH_NOT_NARROWED",
    type: "breaking",
    isDefault: true,
    purpose: "Checks that no caller loses access to a method.",
  },
};

/** A finding of a rule. */
export interface Finding {
  readonly rule: RuleName;
  readonly message: string;
  readonly place: Place;
  /** The place in the schema that is compared with. */
  readonly against?: Place;
}
