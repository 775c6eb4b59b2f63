/** The field of a request that names the resource of a call. */
export interface PolicyResource {
  /** The path in the schema, such as `role.account_id`. */
  readonly path: string;
  readonly of: (request: never) => string | number | bigint | undefined;
}

/** Returns the resource that a request names. Returns undefined for an empty or absent one. */
export function resourceOf({ of }: PolicyResource, request: unknown): string | undefined {
  try {
    const value = of(request as never);
    const isName = typeof value === "string" || typeof value === "bigint" || Number.isSafeInteger(value);
    // The number 0 is an unset field.
    return isName && value ? String(value) : undefined;
  } catch {
    return undefined;
  }
}
