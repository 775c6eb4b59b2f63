import type { AuthzOptions } from "./authz-options.js";
import type { CompiledRule } from "./authz-rule.js";
import { anybody } from "./verdict.js";

/** Returns the rules for methods without a policy in the tables, in order. `authorize` or `defaultPolicy` is the last. */
export function listFallbacks(
  rules: readonly CompiledRule[],
  {
    authorize,
    defaultPolicy,
  }: {
    readonly authorize?: AuthzOptions["authorize"] | undefined;
    readonly defaultPolicy: "allow" | "deny";
  },
): readonly CompiledRule[] {
  return [
    ...rules,
    {
      matches: () => true,
      verdict: authorize
        ? {
            effect: "conditional",
            decidedBy: "authorize",
            policy: anybody,
            checks: [{ decidedBy: "authorize", run: authorize }],
          }
        : { effect: "allow", decidedBy: "defaultPolicy", policy: { access: defaultPolicy } },
    },
  ];
}
