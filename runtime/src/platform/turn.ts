import { afterThisTurn } from "./clock.js";

/** Most pieces of work in one turn. */
const most = 4;

let taken = 0;

/**
 * Whether a piece of work may run now on the thread that serves all calls. The event loop grants a few in each turn, so that
 * a flood of calls delays other calls by those few only.
 */
export function takeTurn(): boolean {
  if (taken === most) return false;
  if (taken++ === 0) {
    afterThisTurn(() => {
      taken = 0;
    });
  }
  return true;
}
