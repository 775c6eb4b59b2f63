import { wallTime } from "../platform/clock.js";

/**
 * Writes a revocation as the text that a store keeps.
 *
 * @param at - when it was made, in milliseconds since the epoch.
 * @param until - when it ends, likewise.
 */
export function encodeRevocation(at: number, until: number): string {
  return JSON.stringify({ at, until });
}

/**
 * Reads a stored revocation: its time in milliseconds since the epoch, and the milliseconds left of it.
 * Returns undefined for a text that {@link encodeRevocation} did not write.
 */
export function decodeRevocation(text: string): { readonly at: number; readonly left: number } | undefined {
  try {
    const { at, until } = JSON.parse(text);
    return typeof at === "number" && typeof until === "number" ? { at, left: until - wallTime() } : undefined;
  } catch {
    return undefined;
  }
}

/** Whether a stored revocation was made at `time` or later, so that it covers a revocation of that time. */
export function isSince(text: string, time: number): boolean {
  const stored = decodeRevocation(text);
  return stored !== undefined && stored.at >= time;
}
