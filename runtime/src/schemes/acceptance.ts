/** Credentials that a scheme accepts. */
export interface Acceptance {
  /** The verifying key, secret or function. Equal for two schemes with the same one. */
  readonly by: unknown;
  /** Further requirements by name: one value of each list. Undefined accepts every value. */
  readonly only?: Readonly<Record<string, readonly unknown[] | undefined>>;
}

/** Returns true if one credential may fit both. */
export function overlap(a: Acceptance, b: Acceptance): boolean {
  if (a.by !== b.by) return false;
  return Object.entries(a.only ?? {}).every(([name, values]) => {
    const others = b.only?.[name];
    return values === undefined || others === undefined || values.some((value) => others.includes(value));
  });
}
