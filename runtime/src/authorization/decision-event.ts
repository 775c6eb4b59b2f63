import type { Actor } from "../context/actor.js";
import type { AuthzDenialReason } from "../errors/authz-denied-error.js";
import type { DecisionRecord } from "./decision-record.js";
import type { Decider } from "./verdict.js";

/** A decision, for audit logs. Never send it to a client. */
export interface DecisionEvent {
  /** Fully qualified name of the service. */
  readonly service: string;
  /** Name of the method in the schema. */
  readonly method: string;
  /** Undefined for an anonymous caller. */
  readonly subject: string | undefined;
  /** The name of the scheme that authenticated the caller. */
  readonly scheme: string | undefined;
  /** The party that acted for the subject (RFC 8693 section 4.1). Undefined without delegation. */
  readonly actor?: Actor | undefined;
  readonly effect: "allow" | "deny";
  readonly decidedBy: Decider;
  /** Name of the deciding rule. */
  readonly rule: string | undefined;
  /** The reason of a denial. */
  readonly reason: AuthzDenialReason | undefined;
  /** The condition that refused, as it is written in the schema. */
  readonly condition: string | undefined;
  /** The resource that the request names. Undefined for a method without `resource`, and before the message is read. */
  readonly resource: string | undefined;
  /** False if a denied call proceeds: `mode: "report"`. */
  readonly enforced: boolean;
  /** Time of the decision in milliseconds, without the wait for a message. */
  readonly durationMs: number;
  /**
   * The error that the deciding code threw. For a refusal by authentication, the `ConnectError` for the client; its `cause`
   * is the {@link InvalidCredentialError} with its `reason`.
   */
  readonly error: unknown;
  /** For `replay`. Undefined without `decisionRecords`. */
  readonly record?: DecisionRecord;
}
