/** Whether a value is a list of names, as roles and scopes are: strings that are not empty. */
export function isNameList(value: unknown): value is readonly string[] {
  // Not `every`, which passes over holes.
  return Array.isArray(value) && value.findIndex((name) => !name || typeof name !== "string") < 0;
}
