import { Code, ConnectError } from "@connectrpc/connect";
import type { DenialReason } from "../policy/decide.js";

/**
 * Why a call is refused. `missing-row`: the table is older than the schema. `error`: the decision itself
 * failed. The others are what {@link DenialReason} says, or who said no.
 */
export type AuthzDenialReason =
  | DenialReason
  | "unauthenticated"
  | "missing-row"
  | "rule"
  | "authorize"
  | "check"
  | "default"
  | "error";

/** What a denial was about; for the server alone. */
export interface AuthzDeniedDetails {
  /** `pkg.v1.Service/Method`. */
  readonly method: string;
  readonly subject: string | undefined;
  readonly reason: AuthzDenialReason;
  /** At least one of these was asked for. */
  readonly requiredRoles: readonly string[];
  /** All of these were asked for. */
  readonly requiredScopes: readonly string[];
}

/**
 * A caller may not call a method: `permission_denied`. The client sees just "Access denied";
 * what was missing stays on the server, in `ruleName`, `authzDetails` and `serverDetails`.
 *
 * Its `name` stays `ConnectError`, by which connect recognises its errors.
 */
export class AuthzDeniedError extends ConnectError {
  /** The rule that decided, or who else did: `table`, `authorize`, `check` or `defaultPolicy`. */
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

  /** Everything about the denial, for the server's log. */
  get serverDetails(): Readonly<Record<string, unknown>> {
    return { ruleName: this.ruleName, ...this.authzDetails };
  }

  /** ConnectError's own would take any ConnectError for a denial. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    // biome-ignore lint/complexity/noThisInStatic: a class that extends this one is asked about itself.
    return Function.prototype[Symbol.hasInstance].call(this, value);
  }
}
