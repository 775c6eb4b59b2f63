import { Code, ConnectError } from "@connectrpc/connect";
import type { DenialReason } from "../policy/decide.js";

/** What a denial was about; for the server alone. */
export interface AuthzDeniedDetails {
  /** `pkg.v1.Service/Method`. */
  readonly method: string;
  readonly subject: string | undefined;
  readonly reason: DenialReason | "rule" | "authorize" | "default" | "missing-row";
  readonly requiredRoles: readonly string[];
  readonly requiredScopes: readonly string[];
}

/**
 * A caller may not call a method: `permission_denied`. The client sees just "Access denied";
 * what was missing stays on the server, in `ruleName`, `authzDetails` and `serverDetails`.
 *
 * Its `name` stays `ConnectError`, by which connect recognises its errors.
 */
export class AuthzDeniedError extends ConnectError {
  /** The text for the client. */
  readonly clientMessage = "Access denied";
  /** Who decided: a row of a table, a rule, `authorize` or `defaultPolicy`. */
  readonly ruleName: string;
  readonly authzDetails: AuthzDeniedDetails;

  constructor(ruleName: string, authzDetails: AuthzDeniedDetails, metadata?: HeadersInit) {
    super("Access denied", Code.PermissionDenied, metadata);
    this.ruleName = ruleName;
    this.authzDetails = authzDetails;
  }

  /** Everything about the denial, for the server's log. */
  get serverDetails(): Readonly<Record<string, unknown>> {
    return { ruleName: this.ruleName, ...this.authzDetails };
  }
}
