/** Returns true for a list of non-empty strings, such as roles and scopes. */
export function isNameList(value: unknown): value is readonly string[] {
  // Not `every`, which passes over holes.
  return Array.isArray(value) && value.findIndex((name) => !name || typeof name !== "string") < 0;
}
