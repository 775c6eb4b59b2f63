import { type DecisionEvent, InvalidCredentialError } from "@connectum/auth";
import { trace } from "@opentelemetry/api";
import type { Logger } from "pino";

/** Writes every decision to a log, and the caller to the trace of the call. */
export function createAudit(logger: Logger): (event: DecisionEvent) => void {
  return ({ service, method, subject, effect, durationMs, error, ...event }) => {
    // Has no effect without tracing. The attribute is one of OpenTelemetry's semantic conventions.
    if (subject !== undefined) trace.getActiveSpan()?.setAttribute("enduser.id", subject);
    const took = Number(durationMs.toFixed(2));
    const { decidedBy, rule, reason, condition, resource } = event;
    const named = { decidedBy, rule, reason, condition, resource };
    const why = { ...named, credential: problemOf(error), because: causeOf(error) };
    const entry = { rpc: `${service}/${method}`, subject, ...why, took };
    if (effect === "allow") logger.info(entry, "allowed");
    else logger.warn(entry, "denied");
  };
}

/** The problem of a refused credential, such as `expired`. */
function problemOf(error: unknown): string | undefined {
  const cause = error instanceof Error ? error.cause : undefined;
  return cause instanceof InvalidCredentialError ? cause.reason : undefined;
}

/** The innermost cause of an error. The client receives less. */
function causeOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  return causeOf(error.cause) ?? error.message;
}
