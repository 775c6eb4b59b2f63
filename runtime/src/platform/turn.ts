import { afterThisTurn } from "./clock.js";

let isTaken = false;

/**
 * Whether a piece of work may run now on the thread that serves all calls. One may in each turn of the event loop, so that a
 * flood of calls delays others by that one only.
 */
export function takeTurn(): boolean {
  if (isTaken) return false;
  isTaken = true;
  afterThisTurn(() => {
    isTaken = false;
  });
  return true;
}
