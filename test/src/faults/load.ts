import { setTimeout as sleep } from "node:timers/promises";
import { Code, ConnectError } from "@connectrpc/connect";

/** What became of the calls of a load. */
export interface Tally {
  calls: number;
  ok: number;
  /** How many calls failed, by code. */
  readonly failed: Map<string, number>;
  /** Calls in which the server took the caller for somebody else. Nothing excuses one. */
  strangers: number;
}

export function createTally(): Tally {
  return { calls: 0, ok: 0, failed: new Map(), strangers: 0 };
}

/** Whom the server took the caller of a call for. */
export interface Answer {
  readonly subject: string;
  readonly current: string;
}

/** Makes one call, and tallies what became of it. */
export async function tallyCall(tally: Tally, subject: string, call: () => Promise<Answer>): Promise<string> {
  tally.calls++;
  try {
    const answer = await call();
    if (answer.subject !== subject || answer.current !== subject) {
      tally.strangers++;
      return "stranger";
    }
    tally.ok++;
    return "ok";
  } catch (error) {
    const code = Code[ConnectError.from(error).code] ?? "?";
    tally.failed.set(code, (tally.failed.get(code) ?? 0) + 1);
    return code;
  }
}

/** A load that goes on until it is stopped. */
export interface Load {
  readonly tally: Tally;
  stop(): Promise<Tally>;
}

/**
 * Lets callers call, each one call after the other.
 *
 * @param pause - between two calls of one caller, in milliseconds.
 */
export function startLoad(
  subjects: readonly string[],
  call: (subject: string, nth: number) => Promise<Answer>,
  pause: number,
): Load {
  const tally = createTally();
  let isOver = false;
  const callers = subjects.map(async (subject) => {
    for (let nth = 0; !isOver; nth++) {
      await tallyCall(tally, subject, () => call(subject, nth));
      await sleep(pause);
    }
  });
  return {
    tally,
    async stop() {
      isOver = true;
      await Promise.all(callers);
      return tally;
    },
  };
}

/** Waits until something holds; returns how long that took, in milliseconds. */
export async function until(holds: () => Promise<boolean>, within: number): Promise<number> {
  const start = Date.now();
  while (!(await holds())) {
    if (Date.now() - start > within) throw new Error(`not within ${within} ms`);
    await sleep(25);
  }
  return Date.now() - start;
}

/** One line about a load. */
export function describeTally({ calls, ok, failed, strangers }: Tally): string {
  const codes = [...failed].map(([code, count]) => `${count} ${code}`).join(", ");
  return `${calls} calls, ${ok} ok, ${codes || "none failed"}, ${strangers} taken for somebody else`;
}
