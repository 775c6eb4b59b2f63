import type { MethodPolicy } from "../policy/service-policy.js";

/** The parts of a call that decided it, so that `replay` can decide it by other tables. JSON keeps it whole. */
export interface DecisionRecord {
  /** The access of the method by its table. Undefined for a service without one. */
  readonly access?: MethodPolicy["access"] | undefined;
  /** When the call was decided, in milliseconds since the epoch. */
  readonly time?: number | undefined;
  /** The kinds of credential that the method took. Undefined: all. */
  readonly credentials?: readonly string[] | undefined;
  /** The condition of the method, as it is written in the schema. */
  readonly condition?: string | undefined;
  /** The permissions that the method required: all of them. */
  readonly permissions?: readonly string[] | undefined;
  /** The permissions that the method required: one of them. */
  readonly anyPermissions?: readonly string[] | undefined;
  /** The path of the field that names the resource. */
  readonly resourcePath?: string | undefined;
  /** Undefined for an anonymous caller, and for one whom authentication refused. */
  readonly caller?: RecordedCaller | undefined;
}

/** The names of a caller, without subject and claims. */
export interface RecordedCaller {
  readonly roles: readonly string[];
  readonly scopes: readonly string[];
  /** The permissions in the credential. */
  readonly permissions: readonly string[];
  /**
   * The permissions that counted: in the credential and by `grants`, or on the resource of the call. Undefined if a function in
   * `grants` was not asked.
   */
  readonly held?: readonly string[] | undefined;
  /** True for a caller that the server's internal schemes authenticated. */
  readonly internal: boolean;
  /** The name of the scheme that authenticated the caller. `""` for an identity of other code. */
  readonly scheme?: string | undefined;
  readonly acr?: string | undefined;
  /** When the caller authenticated, in milliseconds since the epoch. */
  readonly authTime?: number | undefined;
}
