import { createAuthInterceptor } from "@connectum/auth";
import fc from "fast-check";
import { createCaller } from "./outcome.js";
import { type FuzzTarget, fuzzTarget } from "./target.js";

const word = fc.constantFrom("lab", "v1", "EchoService", "Echo", "Unary", "Un", "x", "_", "9");
const pieces = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.constantFrom("lab.v1.EchoService/", "lab.v1.", "Unary", "lab.*", "*/*", "lab.v1.EchoService/Unary"),
  },
  { weight: 3, arbitrary: word },
  { weight: 4, arbitrary: fc.constantFrom("*", "/", ".", "**", "//", "") },
  { weight: 1, arbitrary: fc.string({ unit: "grapheme", maxLength: 5 }) },
  { weight: 1, arbitrary: fc.tuple(word, fc.nat(20_000)).map(([text, times]) => `${text}.`.repeat(times)) },
);
const inputs = fc.array(pieces, { maxLength: 6 }).map((parts) => parts.join(""));

/** What the documentation says about patterns, read literally. */
function matches(pattern: string, service: string, method: string): boolean {
  if (pattern === "*") return true;
  const slash = pattern.indexOf("/");
  const part = (wanted: string, actual: string) =>
    wanted.endsWith("*") ? actual.startsWith(wanted.slice(0, -1)) : wanted === actual;
  return part(pattern.slice(0, slash), service) && part(pattern.slice(slash + 1), method);
}

export const patterns: FuzzTarget = fuzzTarget("patterns", inputs, async (pattern) => {
  let interceptor: ReturnType<typeof createAuthInterceptor>;
  try {
    interceptor = createAuthInterceptor({ verifyCredentials: () => null, skipMethods: [pattern] });
  } catch (error) {
    if (error instanceof TypeError && error.message.startsWith("skipMethods: ")) return;
    throw error;
  }
  if (pattern !== "*" && !/^[\w.]*\*?\/\w*\*?$/.test(pattern)) throw new Error("not a pattern, and accepted");
  const outcome = await createCaller(interceptor)(new Headers());
  const isSkipped = outcome === "anonymous";
  if (isSkipped !== matches(pattern, "lab.v1.EchoService", "Unary")) throw new Error(`skipped: ${isSkipped}`);
});
