import { monotonicTime } from "../platform/clock.js";
import { warn } from "../platform/warn.js";

const hour = 3_600_000;
/** Most warnings per hour. */
const maxWarnings = 10;

/** Limits warnings about outside data: each text once per hour, and at most ten texts per hour. */
export function createBoundedWarning(): (text: string) => void {
  const given = new Map<string, number>();
  return (text) => {
    const now = monotonicTime();
    for (const [other, time] of given) if (now - time >= hour) given.delete(other);
    if (given.has(text) || given.size >= maxWarnings) return;
    given.set(text, now);
    warn(text);
  };
}
