import type { DescMethod } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import type { AuthContext } from "../context/auth-context.js";
import { AuthzDeniedError } from "../errors/authz-denied-error.js";
import { insufficientScope } from "../errors/challenge.js";
import { insufficientUserAuthentication, missingCredentials } from "../errors/unauthenticated.js";
import { withoutStackTrace } from "../platform/without-stack-trace.js";
import type { MethodPolicy } from "../policy/service-policy.js";
import type { Verdict } from "./verdict.js";

/** The requirements of a policy without any. */
const nothing: MethodPolicy & { readonly access: "requires" } = { access: "requires", roles: [], scopes: [] };

/**
 * Returns the error of a denial: `unauthenticated` without an identity, `unavailable` if the permissions cannot be determined,
 * else an {@link AuthzDeniedError}.
 */
export function denialOf(
  { decidedBy, rule = decidedBy, reason = "default", policy, error, condition, resource }: Verdict,
  { name, parent }: DescMethod,
  context: AuthContext | undefined,
  challenges: readonly string[],
): ConnectError {
  // A caller with another kind of credential has none for this method.
  if (reason === "unauthenticated" || reason === "wrong-credential") return missingCredentials(challenges);
  if (reason === "insufficient-authentication") return insufficientUserAuthentication(challenges);
  if (reason === "unavailable") {
    const text = "Authorization is unavailable";
    return withoutStackTrace(() => new ConnectError(text, Code.Unavailable, undefined, undefined, error));
  }
  const { roles, scopes, permissions, anyPermissions } = policy && "roles" in policy ? policy : nothing;
  const details = {
    method: `${parent.typeName}/${name}`,
    subject: context?.subject,
    reason,
    requiredRoles: [...roles],
    requiredScopes: [...scopes],
    ...(permissions && { requiredPermissions: [...permissions] }),
    ...(anyPermissions && { requiredAnyPermissions: [...anyPermissions] }),
    ...(resource !== undefined && { resource }),
    ...(condition !== undefined && { condition }),
  };
  const denial = withoutStackTrace(() => new AuthzDeniedError(rule, details, error));
  if (reason === "missing-scope") insufficientScope(denial, challenges);
  return denial;
}
