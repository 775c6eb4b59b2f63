import { checkPlainObject } from "../options/option-checks.js";
import { ownMembers } from "../options/option-names.js";
import type { Revocations } from "../store/revocations.js";
import type { AuthLimits } from "./limits.js";

/** What every authentication interceptor takes. */
export interface AuthenticationOptions {
  /** Patterns of methods that are called without identity: credentials are not looked at. By default, none. */
  readonly skipMethods?: readonly string[] | undefined;
  /**
   * Patterns of methods that may be called without credentials; a bad credential is refused all the same. They count
   * where `skipMethods` names a method as well, so a public method can see who is calling. By default, none.
   */
  readonly optionalMethods?: readonly string[] | undefined;
  /**
   * Writes the identity into the request headers, as {@link setAuthHeaders} does, for handlers that pass them on.
   * By default, false.
   */
  readonly propagateHeaders?: boolean | undefined;
  /** Names of claims that `propagateHeaders` writes; they can be large and personal. By default, none. */
  readonly propagatedClaims?: readonly string[] | undefined;
  /**
   * Whether `getAuthContext()` works without the handler's context, through `AsyncLocalStorage`. On Node 20 and 22 its use
   * makes every `await` of the process dearer; later versions do not mind. By default, true.
   */
  readonly asyncContext?: boolean | undefined;
  /** What a caller may cost. */
  readonly limits?: AuthLimits | undefined;
  /** Credentials that count no more: what `createRevocations` makes. By default, none. */
  readonly revocations?: Revocations | undefined;
}

/**
 * Parts the options of a factory into those of the pipeline and those of its scheme.
 *
 * @throws TypeError for what is not a plain object.
 */
export function splitOptions<T extends AuthenticationOptions>(
  options: T,
): { readonly pipeline: AuthenticationOptions; readonly scheme: Omit<T, keyof AuthenticationOptions> } {
  checkPlainObject("options", options);
  const {
    skipMethods,
    optionalMethods,
    propagateHeaders,
    propagatedClaims,
    asyncContext,
    limits,
    revocations,
    ...scheme
  } = ownMembers(options);
  const pipeline = {
    skipMethods,
    optionalMethods,
    propagateHeaders,
    propagatedClaims,
    asyncContext,
    limits,
    revocations,
  };
  return { pipeline, scheme: ownMembers(scheme) };
}
