import { monotonicTime } from "../platform/clock.js";
import { kindOf } from "../platform/error-kind.js";
import { warn } from "../platform/warn.js";

/** Least time between two lines, in milliseconds. */
const interval = 60_000;

/**
 * Creates a log of calls answered with `unavailable`. It writes at most one line a minute, with the number of calls. It leaves
 * out error messages, which may hold secrets.
 *
 * @param scheme - name of the authentication scheme.
 *
 * @example
 * const logOutage = createOutageLog("jwt");
 * logOutage(error); // @connectum/auth: jwt: cannot verify credentials (TypeError, ECONNREFUSED); calls answered with "unavailable": 1
 */
export function createOutageLog(scheme: string): (cause: unknown) => void {
  let next = Number.NEGATIVE_INFINITY;
  let count = 0;
  return (cause) => {
    count++;
    const now = monotonicTime();
    if (now < next) return;
    next = now + interval;
    warn(
      `${scheme}: cannot verify credentials (${kindOf(cause)}); calls answered with "unavailable": ${count}; the next line follows in ${interval / 1_000} s at the earliest`,
    );
    count = 0;
  };
}
