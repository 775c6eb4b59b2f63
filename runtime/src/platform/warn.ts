import { monotonicTime } from "./clock.js";

/** Warns the operator of a likely mistake. Every warning of the package has this prefix. */
export function warn(text: string): void {
  console.warn(`@connectum/auth: ${text}`);
}

/** Creates a warning that is logged once: an event of every call must not fill the log. */
export function createWarning(text: string): () => void {
  const say = createRareWarning(Number.POSITIVE_INFINITY);
  return () => say(text);
}

/** Warns at most once per `period`, in milliseconds, and drops the warnings between. */
export function createRareWarning(period: number): (text: string) => void {
  let quietUntil = Number.NEGATIVE_INFINITY;
  return (text) => {
    const now = monotonicTime();
    if (now < quietUntil) return;
    quietUntil = now + period;
    warn(text);
  };
}
