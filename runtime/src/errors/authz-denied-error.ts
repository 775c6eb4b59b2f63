import { Code, ConnectError } from "@connectrpc/connect";
import type { DenialReason } from "../policy/decide.js";

/**
 * The reason of a refusal. `missing-row`: the table is older than the schema. `error`: the decision itself failed.
 * `unavailable`: the permissions cannot be determined now; the code is `unavailable` then. The others
 * are of {@link DenialReason}, or name the part that refused.
 */
export type AuthzDenialReason =
  | DenialReason
  | "unauthenticated"
  | "missing-row"
  | "rule"
  | "authorize"
  | "check"
  | "default"
  | "error"
  | "unavailable";

/** The details of a denial, for the server's log. */
export interface AuthzDeniedDetails {
  /** `pkg.v1.Service/Method`. */
  readonly method: string;
  readonly subject: string | undefined;
  readonly reason: AuthzDenialReason;
  /** The method requires at least one of these. */
  readonly requiredRoles: readonly string[];
  /** The method requires all of these. */
  readonly requiredScopes: readonly string[];
  /** The method requires all of these. */
  readonly requiredPermissions?: readonly string[];
  /** The method requires at least one of these. */
  readonly requiredAnyPermissions?: readonly string[];
  /** The resource on which the permissions are required. */
  readonly resource?: string;
  /** The condition that refused, as it is written in the schema. */
  readonly condition?: string;
}

/**
 * Denies a call with `permission_denied`. The client sees "Access denied" and nothing else. The details are in `ruleName`,
 * `authzDetails` and `serverDetails`, for the server's log.
 *
 * Its `name` is `ConnectError`: connect recognises its errors by it.
 *
 * @example
 * if (error instanceof AuthzDeniedError) log.warn("denied", error.serverDetails);
 */
export class AuthzDeniedError extends ConnectError {
  /** The deciding rule, or `table`, `authorize`, `check` or `defaultPolicy`. */
  declare readonly ruleName: string;
  declare readonly authzDetails: AuthzDeniedDetails;

  constructor(ruleName: string, authzDetails: AuthzDeniedDetails, cause?: unknown) {
    super("Access denied", Code.PermissionDenied, [], undefined, cause);
    this.ruleName = ruleName;
    this.authzDetails = authzDetails;
  }

  /** The text for the client. */
  get clientMessage(): string {
    return this.rawMessage;
  }

  /** All details, for the server's log. */
  get serverDetails(): Readonly<Record<string, unknown>> {
    return { ruleName: this.ruleName, ...this.authzDetails };
  }

  /** The inherited one would accept every ConnectError. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    // biome-ignore lint/complexity/noThisInStatic: a subclass checks for itself.
    return Function.prototype[Symbol.hasInstance].call(this, value);
  }
}
