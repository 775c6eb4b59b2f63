import type { Message } from "@bufbuild/protobuf";
import type { AuthContext } from "../context/auth-context.js";
import type { ReadAuthzOptions } from "./authz-options.js";
import type { DecisionEvent } from "./decision-event.js";
import type { DecisionRecord } from "./decision-record.js";
import type { Permissions } from "./permissions.js";
import type { Trial } from "./trial.js";

/** A decision with its record, as `replay` and trials need it. */
export interface RecordedDecision
  extends Pick<
    DecisionEvent,
    "service" | "method" | "subject" | "effect" | "decidedBy" | "rule" | "reason" | "resource"
  > {
  readonly record: DecisionRecord;
}

/** The call of a decision: its caller, and its message if it has been read. */
export interface DecidedCall {
  readonly context: AuthContext | undefined;
  readonly message: Message | undefined;
}

/** Decides a call again by the tables on trial, and reports a difference. Never throws. */
export type ObserveDecision = (decision: RecordedDecision, call: DecidedCall) => void;

/** The options of a server that a trial needs. Only `createAuth` has `optionalMethods`. */
export type TrialServerOptions = ReadAuthzOptions & { readonly optionalMethods?: readonly string[] };

/** A trial that a server can start. */
export interface StartableTrial extends Trial {
  /** @throws TypeError for tables and options that do not fit together. */
  start(options: TrialServerOptions, permissions: Permissions): ObserveDecision;
}
