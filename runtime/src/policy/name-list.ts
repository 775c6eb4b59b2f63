/** Whether a value is a list of names, as roles and scopes are: strings that are not empty. */
export function isNameList(value: unknown): value is readonly string[] {
  if (!Array.isArray(value)) return false;
  for (const name of value) if (typeof name !== "string" || name === "") return false;
  return true;
}
