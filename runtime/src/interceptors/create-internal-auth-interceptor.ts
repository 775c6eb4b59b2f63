import type { Interceptor } from "@connectrpc/connect";
import { createAuthenticationInterceptor } from "../authentication/authentication-interceptor.js";
import { type AuthenticationOptions, splitOptions } from "../authentication/authentication-options.js";
import { createAuthenticator } from "../authentication/authenticator.js";
import { asInternal, listSchemes } from "../authentication/scheme-list.js";
import { anything, list, withDefault } from "../options/check.js";
import { compileMethodPatterns } from "../options/method-pattern.js";
import { type OptionTable, readOptions } from "../options/read-options.js";
import type { AuthScheme } from "../schemes/scheme.js";

export interface InternalAuthInterceptorOptions extends AuthenticationOptions {
  /**
   * The schemes that authenticate services: `meshIdentityTrust`, `signedTokenTrust`, `sharedSecretTrust`, or a custom one.
   * Several are tried in order; the first that finds its credential decides.
   */
  readonly trust: AuthScheme | readonly AuthScheme[];
  /** Patterns of methods to authenticate: `getInternalMethods([...])`. Other calls pass without identity. Default: all. */
  readonly methods?: readonly string[];
}

const internalOptions = (): OptionTable<
  Omit<InternalAuthInterceptorOptions, keyof AuthenticationOptions>,
  "methods"
> => ({
  trust: anything,
  methods: withDefault(list, ["*"]),
});

/**
 * Authenticates services. Only these identities may call `internal` methods.
 *
 * @throws TypeError for a misconfiguration.
 *
 * @example
 * const services = createInternalAuthInterceptor({
 *   trust: sharedSecretTrust({ callers: { billing: process.env["BILLING_SECRET"] } }),
 *   methods: getInternalMethods(policies),
 * });
 */
export function createInternalAuthInterceptor(options: InternalAuthInterceptorOptions): Interceptor {
  const { pipeline, scheme } = splitOptions(options);
  const own = readOptions("createInternalAuthInterceptor", scheme, internalOptions);
  const schemes = asInternal(listSchemes(own.trust, "trust"));
  if (schemes.length === 0)
    throw new TypeError("trust: expected at least one scheme, such as sharedSecretTrust({...})");
  const isMeant = compileMethodPatterns(own.methods, "methods");
  const authenticate = createAuthenticator(
    { all: schemes, for: (service, method) => (isMeant(service, method) ? schemes : []) },
    pipeline,
  );
  return createAuthenticationInterceptor(authenticate, pipeline.asyncContext);
}
