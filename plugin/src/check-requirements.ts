import { type Declaration, requirementsFields } from "./declaration.js";
import { literal } from "./literal.js";
import { ownerOf, placeOf } from "./phrases.js";
import type { Problems } from "./problems.js";

type Kind = "role" | "scope";

/** Names that no caller could hold: what is wrong with them, and what to write instead. */
const faults: readonly {
  readonly found: (name: string, kind: Kind) => boolean;
  readonly what: string;
  readonly instead: (name: string, kind: Kind) => string;
}[] = [
  {
    found: (name) => name === "",
    what: "is empty",
    instead: suggest,
  },
  {
    found: (name) => /\p{Cc}/u.test(name),
    what: "contains a control character",
    instead: (name, kind) => suggest(name.replace(/\p{Cc}/gu, ""), kind),
  },
  {
    found: (name) => name.trim() !== name,
    what: "begins or ends with white space",
    instead: suggest,
  },
  {
    found: (name, kind) => kind === "scope" && name.includes(" "),
    what: "contains a space, which separates scopes in a token",
    instead: (name) => `write ${name.split(/ +/).map(literal).join(", ")}`,
  },
];

function suggest(name: string, kind: Kind): string {
  const trimmed = name.trim();
  return trimmed === "" ? `write the name of a ${kind}, or remove the entry` : `write ${literal(trimmed)}`;
}

/** Reports roles and scopes of an option that no caller could hold, or that are listed twice. */
export function checkRequirements(declaration: Declaration, problems: Problems): void {
  const { requires } = declaration;
  if (requires === undefined) return;
  checkNames(declaration, "role", requires.roles, requirementsFields.roles, problems);
  checkNames(declaration, "scope", requires.scopes, requirementsFields.scopes, problems);
}

function checkNames(
  declaration: Declaration,
  kind: Kind,
  names: readonly string[],
  field: number,
  problems: Problems,
): void {
  const seen = new Set<string>();
  for (const [index, name] of names.entries()) {
    const place = placeOf(declaration, declaration.option.fields.requires.number, field, index);
    const subject = `${ownerOf(declaration)}: ${kind} ${literal(name)}`;
    const fault = faults.find(({ found }) => found(name, kind));
    if (fault !== undefined) {
      problems.add(
        "error",
        place,
        `${subject} ${fault.what}, so no caller would match it today; ${fault.instead(name, kind)}`,
      );
    } else if (seen.has(name)) {
      problems.add(
        "ambiguous",
        place,
        `${subject} is listed twice; the second changes nothing today; remove it, or write the ${kind} that was meant`,
      );
    }
    seen.add(name);
  }
}
