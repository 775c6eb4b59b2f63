import { Code, ConnectError, type Interceptor } from "@connectrpc/connect";
import { type AuthContext, authContextKey } from "../context/auth-context.js";
import { compileMethodPatterns } from "../method-pattern.js";
import type { ServicePolicy } from "../policy/service-policy.js";
import { AuthzDeniedError } from "./authz-denied-error.js";
import { type AuthzCall, type AuthzOptions, createEvaluator, type Evaluator, type Verdict } from "./evaluator.js";

export interface ProtoAuthzInterceptorOptions extends AuthzOptions {
  /** Generated tables: `[OrderServicePolicy]`, or `policies` of the registry file. */
  readonly policies: readonly ServicePolicy[];
}

export interface AuthzInterceptorOptions extends AuthzOptions {
  /** Patterns of methods that are not decided about. By default, none. */
  readonly skipMethods?: readonly string[];
}

/**
 * Decides every call by generated tables, then by rules, `authorize` and `defaultPolicy`. Goes after authentication.
 *
 * @throws TypeError for a malformed table or option.
 */
export function createProtoAuthzInterceptor(options: ProtoAuthzInterceptorOptions): Interceptor {
  return enforce(createEvaluator(options.policies, options));
}

/**
 * Decides every call by rules, `authorize` and `defaultPolicy`, for services without annotations. Goes after authentication.
 *
 * @throws TypeError for a malformed option.
 */
export function createAuthzInterceptor(options: AuthzInterceptorOptions): Interceptor {
  const skips = compileMethodPatterns(options.skipMethods ?? [], "skipMethods");
  const interceptor = enforce(createEvaluator([], options));
  return (next) => {
    const enforced = interceptor(next);
    return (req) => (skips(req.service.typeName, req.method.name) ? next(req) : enforced(req));
  };
}

/** Lets through what the evaluator allows, and throws otherwise. */
export function enforce(evaluator: Evaluator): Interceptor {
  return (next) => async (req) => {
    await authorizeCall(evaluator, { method: req.method, header: req.header, values: req.contextValues });
    return next(req);
  };
}

/** @throws ConnectError with code `unauthenticated`, or an {@link AuthzDeniedError}. */
export async function authorizeCall(evaluator: Evaluator, call: AuthzCall): Promise<void> {
  const context = call.values.get(authContextKey);
  const verdict = await evaluator.evaluate(call, context);
  if (verdict.decision.kind !== "allow") throw errorOf(verdict, call, context);
}

function errorOf(
  { decision, decidedBy, policy }: Verdict,
  call: AuthzCall,
  context: AuthContext | undefined,
): ConnectError {
  if (decision.kind !== "denied") return new ConnectError("Missing credentials", Code.Unauthenticated);
  const { roles = [], scopes = [] } = policy !== undefined && "roles" in policy ? policy : {};
  return new AuthzDeniedError(decidedBy, {
    method: `${call.method.parent.typeName}/${call.method.name}`,
    subject: context?.subject,
    reason: decision.reason,
    requiredRoles: roles,
    requiredScopes: scopes,
  });
}
