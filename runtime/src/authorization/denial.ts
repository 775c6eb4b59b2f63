import type { DescMethod } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import type { AuthContext } from "../context/auth-context.js";
import { withoutStackTrace } from "../without-stack-trace.js";
import { AuthzDeniedError } from "./authz-denied-error.js";
import type { Verdict } from "./verdict.js";

/** The error for a verdict that is a no: `unauthenticated` where an identity is missing, or an {@link AuthzDeniedError}. */
export function denialOf(verdict: Verdict, method: DescMethod, context: AuthContext | undefined): ConnectError {
  return withoutStackTrace(() => createDenial(verdict, method, context));
}

function createDenial(
  { decidedBy, rule = decidedBy, reason = "default", policy, error }: Verdict,
  { name, parent }: DescMethod,
  context: AuthContext | undefined,
): ConnectError {
  if (reason === "unauthenticated") return new ConnectError("Missing credentials", Code.Unauthenticated);
  const { roles = [], scopes = [] } = policy !== undefined && "roles" in policy ? policy : {};
  const details = {
    method: `${parent.typeName}/${name}`,
    subject: context?.subject,
    reason,
    requiredRoles: [...roles],
    requiredScopes: [...scopes],
  };
  return new AuthzDeniedError(rule, details, error);
}
