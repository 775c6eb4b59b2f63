/** Whether a value is a list of names, as roles and scopes are: strings that are not empty. */
export function isNameList(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((name) => typeof name === "string" && name !== "");
}
