import type { Interceptor } from "@connectrpc/connect";
import { readMethodChecks } from "../authorization/authorize-methods.js";
import { type AuthzOptions, authzOptions, type DefaultedAuthzOption } from "../authorization/authz-options.js";
import { createEnforcer } from "../authorization/enforcer.js";
import { createEnforcingInterceptor } from "../authorization/enforcing-interceptor.js";
import type { Grants } from "../authorization/grants.js";
import { anybody } from "../authorization/verdict.js";
import { anything, list, withDefault } from "../options/check.js";
import { compileMethodPatterns } from "../options/method-pattern.js";
import { type OptionTable, readOptions } from "../options/read-options.js";
import type { PermissionOf, ServicePolicy } from "../policy/service-policy.js";

/** @typeParam T - the tables, which know the permissions of `grants`. */
export interface ProtoAuthzInterceptorOptions<T extends readonly ServicePolicy[] = readonly ServicePolicy[]>
  extends AuthzOptions {
  /** Generated tables: `[OrderServicePolicy]`, or `policies` of the registry file. */
  readonly policies: T;
  // Tables without permissions type nothing: any grants fit, and are refused at creation.
  readonly grants?: [PermissionOf<T[number]>] extends [never] ? Grants : Grants<PermissionOf<T[number]>>;
}

export interface AuthzInterceptorOptions extends AuthzOptions {
  /** Patterns of methods that are allowed without a decision. Default: none. */
  readonly skipMethods?: readonly string[];
}

const protoAuthzOptions = (): OptionTable<ProtoAuthzInterceptorOptions, DefaultedAuthzOption> => ({
  ...authzOptions(),
  policies: anything,
});

const rulesOnlyOptions = (): OptionTable<AuthzInterceptorOptions, DefaultedAuthzOption | "skipMethods"> => ({
  ...authzOptions(),
  skipMethods: withDefault(list, []),
});

/**
 * Decides every call by the generated tables, then by rules, `authorize` and `defaultPolicy`. Install it after
 * authentication. Its last step rejects a caller whose credential has expired or been revoked during the call.
 *
 * @throws TypeError for a malformed table or option.
 *
 * @example
 * const interceptors = [authentication, createProtoAuthzInterceptor({ policies: [OrderServicePolicy] })];
 */
export function createProtoAuthzInterceptor<T extends readonly ServicePolicy[]>(
  options: ProtoAuthzInterceptorOptions<T>,
): Interceptor {
  const own = readOptions(
    "createProtoAuthzInterceptor",
    options as unknown as ProtoAuthzInterceptorOptions,
    protoAuthzOptions,
  );
  return createEnforcingInterceptor(createEnforcer(own.policies, own));
}

/**
 * Decides every call by rules, `authorize` and `defaultPolicy`, for services without annotations. Install it after
 * authentication. Its last step rejects a caller whose credential has expired or been revoked during the call.
 *
 * Warns about a rule without effect: at creation, or at the first call of its service.
 *
 * @throws TypeError for a malformed option.
 *
 * @example
 * const authorization = createAuthzInterceptor({
 *   rules: [{ name: "staff", effect: "allow", methods: ["shop.v1.OrderService/*"], requires: { roles: ["staff"] } }],
 * });
 */
export function createAuthzInterceptor(options: AuthzInterceptorOptions): Interceptor {
  const own = readOptions("createAuthzInterceptor", options, rulesOnlyOptions);
  const matches = compileMethodPatterns(own.skipMethods, "skipMethods");
  const verdict = { effect: "allow", decidedBy: "skipMethods", policy: anybody } as const;
  const enforcer = createEnforcer([], own, [{ matches, verdict }]);
  readMethodChecks(own.checks, matches);
  return createEnforcingInterceptor(enforcer);
}
