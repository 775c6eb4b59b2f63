import { monotonicTime } from "./clock.js";

/** Says what is most likely a mistake, to whoever runs the server. */
export function warn(text: string): void {
  console.warn(`@connectum/auth: ${text}`);
}

/** A warning that is given once: what happens at every call may not fill the log. */
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
