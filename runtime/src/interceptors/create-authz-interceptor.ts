import type { Interceptor } from "@connectrpc/connect";
import type { AuthzOptions } from "../authorization/authz-options.js";
import { createEnforcer } from "../authorization/enforcer.js";
import { createEnforcingInterceptor } from "../authorization/enforcing-interceptor.js";
import { anybody } from "../authorization/verdict.js";
import { compileMethodPatterns } from "../options/method-pattern.js";
import { checkPlainObject } from "../options/option-checks.js";
import { ownMembers } from "../options/option-names.js";
import type { ServicePolicy } from "../policy/service-policy.js";

export interface ProtoAuthzInterceptorOptions extends AuthzOptions {
  /** Generated tables: `[OrderServicePolicy]`, or `policies` of the registry file. */
  readonly policies: readonly ServicePolicy[];
}

export interface AuthzInterceptorOptions extends AuthzOptions {
  /** Patterns of methods that are let through without a decision. By default, none. */
  readonly skipMethods?: readonly string[];
}

/**
 * Decides every call by generated tables, then by rules, `authorize` and `defaultPolicy`. Goes after authentication. Its last
 * step refuses a caller whose credential has expired or been revoked meanwhile.
 *
 * @throws TypeError for a malformed table or option.
 *
 * @example
 * const interceptors = [authentication, createProtoAuthzInterceptor({ policies: [OrderServicePolicy] })];
 */
export function createProtoAuthzInterceptor(options: ProtoAuthzInterceptorOptions): Interceptor {
  checkPlainObject("createProtoAuthzInterceptor", options);
  const { policies, ...authzOptions } = ownMembers(options);
  return createEnforcingInterceptor(createEnforcer(policies, authzOptions));
}

/**
 * Decides every call by rules, `authorize` and `defaultPolicy`, for services without annotations. Goes after authentication. Its
 * last step refuses a caller whose credential has expired or been revoked meanwhile. A rule that can decide nothing is
 * reported by a warning: at creation, or when the service that it names is called first.
 *
 * @throws TypeError for a malformed option.
 *
 * @example
 * const authorization = createAuthzInterceptor({
 *   rules: [{ name: "staff", effect: "allow", methods: ["shop.v1.OrderService/*"], requires: { roles: ["staff"] } }],
 * });
 */
export function createAuthzInterceptor(options: AuthzInterceptorOptions): Interceptor {
  checkPlainObject("createAuthzInterceptor", options);
  const { skipMethods = [], checks = [], ...others } = ownMembers(options);
  const matches = compileMethodPatterns(skipMethods, "skipMethods");
  const verdict = { effect: "allow", decidedBy: "skipMethods", policy: anybody } as const;
  const enforcer = createEnforcer([], { checks, ...others }, [{ matches, verdict }]);
  for (const check of checks) check.rejectPublic(matches);
  return createEnforcingInterceptor(enforcer);
}
