import { type StreamEndings, type StreamOptions, streamEndings } from "../call/stream-endings.js";
import { anything, flag, list, optional, withDefault, word } from "../options/check.js";
import { checkObject, type OptionTable, type Read, readOptions } from "../options/read-options.js";
import type { Revocations } from "../store/revocations.js";
import type { AuthLimits } from "./limits.js";

/** Options of every authentication interceptor. */
export interface AuthenticationOptions extends StreamOptions {
  /** Patterns of methods without authentication. Their credentials are ignored. By default, none. */
  readonly skipMethods?: readonly string[] | undefined;
  /**
   * Patterns of methods with optional credentials. An invalid credential is still refused. Overrides `skipMethods`, so that a
   * public method can see its caller. By default, none.
   */
  readonly optionalMethods?: readonly string[] | undefined;
  /** Writes the identity into the request headers ({@link setAuthHeaders}), for handlers that forward them. By default, false. */
  readonly propagateHeaders?: boolean | undefined;
  /** Names of the claims that `propagateHeaders` writes. Claims can be large and personal. By default, none. */
  readonly propagatedClaims?: readonly string[] | undefined;
  /**
   * Makes `getAuthContext()` work without the handler's context, by `AsyncLocalStorage`. Slows every `await` of the process
   * on Node 20 and 22; not on 24. By default, true.
   */
  readonly asyncContext?: boolean | undefined;
  /** Limits for each caller. */
  readonly limits?: AuthLimits | undefined;
  /** Revoked credentials: the result of `createRevocations()`. By default, none. */
  readonly revocations?: Revocations | undefined;
}

/** Options that have a default. */
export type DefaultedPipelineOption =
  | "skipMethods"
  | "optionalMethods"
  | "propagateHeaders"
  | "asyncContext"
  | "streams";

export const authenticationOptions = (): OptionTable<AuthenticationOptions, DefaultedPipelineOption> => ({
  skipMethods: withDefault(list, []),
  optionalMethods: withDefault(list, []),
  propagateHeaders: withDefault(flag, false),
  propagatedClaims: optional({
    accepts: (value) => Array.isArray(value) && value.every((name) => typeof name === "string"),
    expected: "a list of claim names",
  }),
  asyncContext: withDefault(flag, true),
  streams: withDefault(word(...streamEndings), "all" as StreamEndings),
  limits: optional(anything),
  revocations: optional({
    accepts: (value) => ["check", "checkKnown"].every((name) => typeof Object(value)[name] === "function"),
    expected: "the result of createRevocations()",
  }),
});

/** The options of the pipeline, read. */
export type PipelineOptions = Read<AuthenticationOptions, DefaultedPipelineOption>;

/**
 * Reads the options of the pipeline, and returns the other options for the scheme.
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
