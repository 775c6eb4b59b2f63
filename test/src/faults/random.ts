/** Random numbers that a seed decides. */
export interface Random {
  /** A number from `low` up to, but without, `high`. */
  between(low: number, high: number): number;
  pick<T>(list: readonly T[]): T;
  /** True with a probability. */
  chance(probability: number): boolean;
}

/**
 * Creates the random numbers of one actor. Each actor has its own, so that its decisions do not depend on the order in which
 * the actors happen to run.
 *
 * @example
 * const random = createRandom(seed, "the store");
 */
export function createRandom(seed: number, actor: string): Random {
  let state = seed;
  for (const character of actor) state = Math.imul(state ^ (character.codePointAt(0) as number), 0x9e3779b1);
  // Mulberry32.
  function next(): number {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }
  return {
    between: (low, high) => low + next() * (high - low),
    pick(list) {
      return list[Math.floor(next() * list.length)] as (typeof list)[number];
    },
    chance: (probability) => next() < probability,
  };
}
