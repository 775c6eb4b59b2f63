/** The caller that conditions read. */
export interface ConditionCaller {
  readonly subject: string;
  readonly name: string | undefined;
  readonly roles: ReadonlySet<string>;
  readonly scopes: ReadonlySet<string>;
  readonly permissions: ReadonlySet<string>;
  readonly type: string;
  readonly internal: boolean;
  readonly claims: { readonly [name: string]: unknown };
}

/** A time, in the form of google.protobuf.Timestamp. */
export interface ConditionTime {
  readonly seconds: bigint;
  readonly nanos: number;
}

/** A condition on the caller and the request, compiled from CEL. */
export interface PolicyCondition {
  /** The condition as it is written. */
  readonly cel: string;
  /** True if the condition reads `caller.permissions`. */
  readonly readsPermissions?: true;
  /** Returns false for a caller whom no request lets through. By default, every caller may be let through. */
  readonly admits?: (caller: ConditionCaller, now: ConditionTime) => boolean;
  /** Returns true if the condition is true. An error in the condition counts as false. */
  readonly holds: (caller: ConditionCaller, request: never, now: ConditionTime) => boolean;
}

/** Evaluates a condition for a request. Never throws: an error refuses. */
export function holds({ holds }: PolicyCondition, caller: ConditionCaller, request: unknown, time: number): boolean {
  try {
    return holds(caller, request as never, conditionTime(time)) === true;
  } catch {
    return false;
  }
}

/** Evaluates the part of a condition that does not need the request. Never throws: an error refuses. */
export function admits({ admits }: PolicyCondition, caller: ConditionCaller, time: number): boolean {
  try {
    return admits === undefined || admits(caller, conditionTime(time)) === true;
  } catch {
    return false;
  }
}

/** @param time - milliseconds since the epoch. */
function conditionTime(time: number): ConditionTime {
  const seconds = Math.floor(time / 1_000);
  return { seconds: BigInt(seconds), nanos: Math.floor((time - seconds * 1_000) * 1_000_000) };
}
