import type { AuthzDenialReason } from "../errors/authz-denied-error.js";

/**
 * The reason why a call cannot be decided again:
 *
 * - `credential`: the credential that the method needs now was not read then.
 * - `resource`, `permissions`: they are not in the record.
 * - `condition`: the condition is another, and needs the request.
 * - `code`: rules, `authorize` or `checks` of the server decide now, and did not run then.
 */
export type UndecidedReason = "credential" | "resource" | "permissions" | "condition" | "code";

/** The decision of a call by other tables. */
export type Redecision =
  | { readonly effect: "allow"; readonly reason?: undefined }
  | { readonly effect: "deny"; readonly reason: AuthzDenialReason }
  | { readonly effect: "undecided"; readonly reason: UndecidedReason };

export const allow: Redecision = { effect: "allow" };

export function deny(reason: AuthzDenialReason): Redecision {
  return { effect: "deny", reason };
}

export function undecided(reason: UndecidedReason): Redecision {
  return { effect: "undecided", reason };
}

/** Joins the decisions of the parts, which must all allow: the first denial, else the first that is undecided. */
export function firstOf(decisions: readonly Redecision[]): Redecision {
  const first = (effect: Redecision["effect"]) => decisions.find((one) => one.effect === effect);
  return first("deny") ?? first("undecided") ?? allow;
}
