import { anything, flag, list, optional, withDefault } from "../options/check.js";
import { checkObject, type OptionTable, type Read, readOptions } from "../options/read-options.js";
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

/** Options that have a default. */
export type DefaultedPipelineOption = "skipMethods" | "optionalMethods" | "propagateHeaders" | "asyncContext";

export const authenticationOptions = (): OptionTable<AuthenticationOptions, DefaultedPipelineOption> => ({
  skipMethods: withDefault(list, []),
  optionalMethods: withDefault(list, []),
  propagateHeaders: withDefault(flag, false),
  propagatedClaims: optional({
    accepts: (value) => Array.isArray(value) && value.every((name) => typeof name === "string"),
    expected: "a list of claim names",
  }),
  asyncContext: withDefault(flag, true),
  limits: optional(anything),
  revocations: optional({
    accepts: (value) => ["check", "checkKnown"].every((name) => typeof Object(value)[name] === "function"),
    expected: "the result of createRevocations()",
  }),
});

/** The options of the pipeline, read. */
export type PipelineOptions = Read<AuthenticationOptions, DefaultedPipelineOption>;

/**
 * Parts the options of an interceptor into those of the pipeline, which it reads, and those of its scheme.
 *
 * @throws TypeError for a malformed option of the pipeline.
 */
export function splitOptions<T extends AuthenticationOptions>(
  options: T,
): { readonly pipeline: PipelineOptions; readonly scheme: Omit<T, keyof AuthenticationOptions> } {
  checkObject("options", options);
  const names = authenticationOptions();
  const [pipeline, scheme] = [true, false].map((isPipeline) =>
    Object.fromEntries(Object.entries(options).filter(([name]) => Object.hasOwn(names, name) === isPipeline)),
  );
  return {
    pipeline: readOptions("options", pipeline as AuthenticationOptions, authenticationOptions),
    scheme: scheme as Omit<T, keyof AuthenticationOptions>,
  };
}
