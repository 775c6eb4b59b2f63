import type { Access, AccessField, Declaration, Requirements } from "./declaration.js";

/** Where a merged field comes from: the method's own option or its service's. */
export type Origin = "method" | "service";

/** A method's option laid over its service's, field by field. */
export type Merged = { readonly [F in AccessField]: { readonly value: Access[F]; readonly from: Origin } };

/** Who may call a method, as one word and what comes with it. */
export interface Resolved extends Requirements {
  readonly access: AccessWord;
  /** The field that decided; undefined where nothing was said. */
  readonly by: AccessField | undefined;
  readonly merged: Merged;
}

export type AccessWord = "public" | "internal" | "requires" | "allow" | "deny" | "unspecified";

/**
 * The fold: merged fields become exactly one access, the first row that applies.
 *
 * `silences` are the fields that no longer count once the row applied.
 */
export const fold: readonly {
  readonly access: AccessWord;
  readonly when: (merged: Access) => boolean;
  readonly by: AccessField;
  readonly silences: readonly AccessField[];
}[] = [
  {
    access: "public",
    when: (merged) => merged.public === true,
    by: "public",
    silences: ["internal", "requires", "policy"],
  },
  { access: "internal", when: (merged) => merged.internal === true, by: "internal", silences: ["policy"] },
  { access: "requires", when: (merged) => merged.requires !== undefined, by: "requires", silences: ["policy"] },
  { access: "allow", when: (merged) => merged.policy === "allow", by: "policy", silences: [] },
  { access: "deny", when: (merged) => merged.policy === "deny", by: "policy", silences: [] },
];

/** What applies when no row of the fold does: the server's own rules decide. */
const nothingSaid: { readonly access: AccessWord; readonly by?: AccessField } = { access: "unspecified" };

/** Merges and folds the options of a method and its service. */
export function resolve(method: Declaration, service: Declaration): Resolved {
  const merged: Merged = {
    public: overlay(method.public, service.public),
    internal: overlay(method.internal, service.internal),
    requires: overlay(method.requires, service.requires),
    policy: overlay(method.policy, service.policy),
  };
  const values: Access = {
    public: merged.public.value,
    internal: merged.internal.value,
    requires: merged.requires.value,
    policy: merged.policy.value,
  };
  const { access, by } = fold.find(({ when }) => when(values)) ?? nothingSaid;
  const demands = access === "requires" || access === "internal" ? values.requires : undefined;
  return {
    access,
    by,
    roles: demands?.roles ?? [],
    scopes: demands?.scopes ?? [],
    merged,
  };
}

function overlay<T>(method: T | undefined, service: T | undefined): { value: T | undefined; from: Origin } {
  return method !== undefined ? { value: method, from: "method" } : { value: service, from: "service" };
}
