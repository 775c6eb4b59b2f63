import type { Access, AccessField } from "../declaration/declaration.js";

/** Where a merged field comes from: the method's own option or its service's. */
export type Origin = "method" | "service";

/** A method's option laid over its service's, field by field. */
export type Merged = { readonly [F in AccessField]: { readonly value: Access[F]; readonly from: Origin } };

/** Who may call a method, as one word and what comes with it. */
export interface Resolved {
  readonly access: AccessWord;
  readonly roles: readonly string[];
  readonly scopes: readonly string[];
  /** The rule of the fold that applied; undefined where nothing was said. */
  readonly decidedBy: FoldRule | undefined;
  readonly merged: Merged;
}

export type AccessWord = "public" | "internal" | "requires" | "allow" | "deny" | "unspecified";

export interface FoldRule {
  readonly access: AccessWord;
  readonly when: (merged: Access) => boolean;
  readonly by: AccessField;
  /** Fields that no longer count once the rule applied. */
  readonly silences: readonly AccessField[];
}

/** The fold: merged fields become exactly one access, by the first rule that applies. */
const fold: readonly FoldRule[] = [
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

/** Merges and folds the options of a method and its service. */
export function resolve(method: Access, service: Access): Resolved {
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
  const decidedBy = fold.find(({ when }) => when(values));
  const access = decidedBy?.access ?? "unspecified";
  const demands = access === "requires" || access === "internal" ? values.requires : undefined;
  return {
    access,
    decidedBy,
    roles: demands?.roles ?? [],
    scopes: demands?.scopes ?? [],
    merged,
  };
}

function overlay<T>(method: T | undefined, service: T | undefined): { value: T | undefined; from: Origin } {
  return method !== undefined ? { value: method, from: "method" } : { value: service, from: "service" };
}
