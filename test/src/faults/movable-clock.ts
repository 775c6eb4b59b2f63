// Makes the wall clock of a process movable. Loaded by `--import`, so that nobody holds the real one.

const RealDate = Date;
let shift = 0;
const now = () => RealDate.now() + shift;

globalThis.Date = new Proxy(RealDate, {
  construct: (target, args, newTarget) => Reflect.construct(target, args.length === 0 ? [now()] : args, newTarget),
  get: (target, name) => (name === "now" ? now : Reflect.get(target, name)),
});

/** The time of the machine, whatever the wall clock of this process says. In milliseconds since the epoch. */
export function realTime(): number {
  return RealDate.now();
}

/** Sets the wall clock `by` milliseconds ahead of the machine's. The monotonic clock is left alone. */
export function stepClock(by: number): void {
  shift = by;
}
