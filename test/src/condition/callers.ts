import { claimNames, doubles, int, string } from "./pools.js";
import type { Tape } from "./tape.js";

export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };

/** A caller as `holds` and `admits` get it. */
export interface Caller {
  readonly subject: string;
  readonly name: string | undefined;
  readonly roles: ReadonlySet<string>;
  readonly scopes: ReadonlySet<string>;
  readonly permissions: ReadonlySet<string>;
  readonly type: string;
  readonly internal: boolean;
  readonly claims: { readonly [name: string]: Json };
}

export function randomCaller(tape: Tape): Caller {
  const names = () => new Set(tape.many(3, () => string(tape)));
  return {
    subject: string(tape),
    name: tape.below(3) === 0 ? undefined : string(tape),
    roles: names(),
    scopes: names(),
    permissions: names(),
    type: string(tape),
    internal: tape.below(2) === 1,
    claims: randomObject(tape, 6, 0),
  };
}

/** As `JSON.parse` makes it: `__proto__` is a name like any other. */
function randomObject(tape: Tape, most: number, depth: number): { readonly [name: string]: Json } {
  return Object.fromEntries(tape.many(most, () => [tape.early(claimNames), randomJson(tape, depth)] as const));
}

function randomJson(tape: Tape, depth: number): Json {
  const kind = tape.weighted([
    [6, "string"],
    [3, "number"],
    [2, "boolean"],
    [1, "null"],
    ...(depth < 3
      ? ([
          [4, "list"],
          [4, "object"],
        ] as const)
      : []),
  ] as const);
  if (kind === "string") return string(tape);
  if (kind === "boolean") return tape.below(2) === 1;
  if (kind === "null") return null;
  if (kind === "object") return randomObject(tape, 3, depth + 1);
  if (kind === "number") {
    if (tape.below(3) > 0) return Number(int(tape, 64));
    const number = tape.early(doubles);
    return Number.isFinite(number) ? number : 0.25;
  }
  if (tape.once(3)) return tape.many(3, () => randomJson(tape, depth + 1));
  // Often, items are of one type.
  return tape.below(2) === 0
    ? tape.many(3, () => (tape.once(5) ? "" : string(tape)))
    : tape.many(3, () => Number(int(tape, 64)));
}
