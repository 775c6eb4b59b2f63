import { Code } from "@connectrpc/connect";

/** The syntax of names and codes. It excludes secrets and line breaks. */
const word = /^\w{1,64}$/;

/**
 * Names and codes of an error and of its causes, for the log: never their messages, which may hold secrets. It takes whatever
 * was thrown.
 *
 * @example
 * kindOf(new TypeError("fetch failed", { cause: refused })); // "TypeError, ECONNREFUSED"
 */
export function kindOf(cause: unknown): string {
  const words = new Set<string>();
  let error = cause;
  for (let depth = 0; depth < 8 && Object(error) === error; depth++) {
    try {
      const { name, code, cause, errors } = error as { [Field in "name" | "code" | "cause" | "errors"]?: unknown };
      for (const part of [name, typeof code === "number" ? Code[code] : code]) {
        if (typeof part === "string" && word.test(part) && part !== "Error") words.add(part);
      }
      error = cause ?? (Array.isArray(errors) ? errors[0] : undefined);
    } catch {
      break;
    }
  }
  return [...words].join(", ") || "Error";
}
