import type { Tape } from "./tape.js";

// Requests, callers and conditions share their values, so that they are often equal. The first are the most frequent.
export const strings: readonly string[] = [
  ..."a,b,ab,admin,,1,constructor,__proto__,x y,it's,q\",\\,é,\u{1f600},\uff5e".split(","),
  "line\nbreak",
  "\0",
  "a,b",
  "9007199254740993",
];
export const ints: readonly bigint[] = [
  0n,
  1n,
  2n,
  -1n,
  5n,
  2147483647n,
  -2147483648n,
  9007199254740991n,
  9007199254740992n,
  9007199254740993n,
  -9007199254740993n,
  9223372036854775807n,
  -9223372036854775808n,
];
export const uints: readonly bigint[] = [
  0n,
  1n,
  2n,
  5n,
  7n,
  4294967295n,
  9007199254740992n,
  9007199254740993n,
  18446744073709551615n,
];
export const doubles: readonly number[] = [0, 1, 1.5, -1, 0.5, -0, 1e300, 2 ** 53, 1e-7, NaN, Infinity, -Infinity];
export const claimNames: readonly string[] = ["a", "b", "c", "org", "list", "a b", "__proto__", "constructor"];
export const now = { seconds: 1_700_000_000n, nanos: 500 } as const;
export const times: readonly { readonly seconds: bigint; readonly nanos: number }[] = [
  now,
  { seconds: now.seconds, nanos: 0 },
  { seconds: now.seconds, nanos: 999_999_999 },
  { seconds: now.seconds - 1n, nanos: 999_999_999 },
  { seconds: now.seconds + 1n, nanos: 0 },
  { seconds: 0n, nanos: 0 },
  { seconds: -62_135_596_800n, nanos: 0 },
];

export function string(tape: Tape): string {
  return tape.once(4) ? tape.pick(strings) : tape.early(strings);
}

export function int(tape: Tape, bits: 32 | 64): bigint {
  const one = tape.once(4) ? tape.pick(ints) : tape.early(ints);
  return bits === 32 ? BigInt.asIntN(32, one) : one;
}

export function uint(tape: Tape, bits: 32 | 64): bigint {
  const one = tape.once(4) ? tape.pick(uints) : tape.early(uints);
  return bits === 32 ? BigInt.asUintN(32, one) : one;
}
