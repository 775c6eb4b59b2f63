import type { DescMethod } from "@bufbuild/protobuf";
import type { ConnectError } from "@connectrpc/connect";
import type { AuthContext } from "../context/auth-context.js";
import { AuthzDeniedError } from "../errors/authz-denied-error.js";
import { insufficientScope } from "../errors/challenge.js";
import { missingCredentials } from "../errors/unauthenticated.js";
import { withoutStackTrace } from "../platform/without-stack-trace.js";
import type { AuthzRule } from "./authz-rule.js";
import type { Verdict } from "./verdict.js";

/** Returns the error of a denial: `unauthenticated` without an identity, else an {@link AuthzDeniedError}. */
export function denialOf(
  { decidedBy, rule = decidedBy, reason = "default", policy, error }: Verdict,
  { name, parent }: DescMethod,
  context: AuthContext | undefined,
  challenges: readonly string[],
): ConnectError {
  if (reason === "unauthenticated") return missingCredentials(challenges);
  const { roles = [], scopes = [] } = (policy ?? {}) as NonNullable<AuthzRule["requires"]>;
  const details = {
    method: `${parent.typeName}/${name}`,
    subject: context?.subject,
    reason,
    requiredRoles: [...roles],
    requiredScopes: [...scopes],
  };
  const denial = withoutStackTrace(() => new AuthzDeniedError(rule, details, error));
  if (reason === "missing-scope") insufficientScope(denial, challenges);
  return denial;
}
