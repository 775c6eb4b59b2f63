/** Credentials that a scheme accepts. */
export interface Acceptance {
  /** What verifies them: a key, a secret, a function. Equal for two schemes that verify by the same. */
  readonly by: unknown;
  /** What it demands besides, by a name for it: one value of each list. Undefined: any. */
  readonly only?: Readonly<Record<string, readonly unknown[] | undefined>>;
}

/** Whether one credential may be accepted by both. */
export function overlap(a: Acceptance, b: Acceptance): boolean {
  if (a.by !== b.by) return false;
  return Object.entries(a.only ?? {}).every(([name, values]) => {
    const others = b.only?.[name];
    return values === undefined || others === undefined || values.some((value) => others.includes(value));
  });
}
