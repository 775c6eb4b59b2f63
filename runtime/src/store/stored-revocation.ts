import { wallTime } from "../platform/clock.js";

/**
 * Encodes a revocation for a store.
 *
 * @param at - time of the revocation, in milliseconds since the epoch.
 * @param until - its end, likewise.
 */
export function encodeRevocation(at: number, until: number): string {
  return JSON.stringify({ at, until });
}

/**
 * Decodes a stored revocation: its time in milliseconds since the epoch, and the milliseconds left. Returns undefined for other
 * text.
 */
export function decodeRevocation(text: string): { readonly at: number; readonly left: number } | undefined {
  try {
    const { at, until } = JSON.parse(text);
    return typeof at === "number" && typeof until === "number" ? { at, left: until - wallTime() } : undefined;
  } catch {
    return undefined;
  }
}

/** Returns true for a stored revocation of `time` or later. */
export function isSince(text: string, time: number): boolean {
  const stored = decodeRevocation(text);
  return stored !== undefined && stored.at >= time;
}
