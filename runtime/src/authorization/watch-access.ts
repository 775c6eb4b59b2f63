import type { ConnectError } from "@connectrpc/connect";
import { onPulse } from "../call/pulse.js";

/**
 * Decides about an open stream again, once a second, and ends it with the error of a denial.
 *
 * @param decide - returns the error of a denial, or undefined. Asked again only after its last answer.
 * @returns a function that stops.
 */
export function watchAccess(
  decide: () => ConnectError | undefined | Promise<ConnectError | undefined>,
  end: (error: ConnectError) => void,
): () => void {
  let isDeciding = false;
  let isStopped = false;
  const take = (error: ConnectError | undefined) => {
    isDeciding = false;
    if (error !== undefined && !isStopped) end(error);
  };
  const stop = onPulse(() => {
    if (isDeciding) return;
    isDeciding = true;
    const decided = decide();
    // A decision never rejects.
    if (decided instanceof Promise) decided.then(take);
    else take(decided);
  });
  return () => {
    isStopped = true;
    stop();
  };
}
