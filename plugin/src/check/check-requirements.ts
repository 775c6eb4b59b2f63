import type { Declaration } from "../declaration/declaration.js";
import { AuthRequirementsSchema } from "../gen/connectum/auth/v1/options_pb.js";
import { codePointOf, isControl, isHidden } from "../text/characters.js";
import { literal } from "../text/literal.js";
import { ownerOf, placeOf } from "./phrases.js";
import type { Problems } from "./problems.js";

type Kind = "role" | "scope";

/** Names that no caller can hold, or that a reviewer cannot read. `what` is undefined for a name without the fault. */
const faults: readonly {
  readonly what: (name: string, kind: Kind) => string | undefined;
  readonly instead: (name: string, kind: Kind) => string;
}[] = [
  { what: (name) => (name === "" ? "is empty" : undefined), instead: suggest },
  { what: (name) => (Array.from(name).some(isControl) ? "contains a control character" : undefined), instead: suggest },
  {
    what: (name) => {
      const found = Array.from(name).find(isHidden);
      return found && `contains ${codePointOf(found)}, which a reader cannot see`;
    },
    instead: suggest,
  },
  { what: (name) => (/^ | $/.test(name) ? "begins or ends with white space" : undefined), instead: suggest },
  {
    what: (name, kind) =>
      kind === "scope" && name.includes(" ") ? "contains a space, which separates scopes in a token" : undefined,
    instead: (name) => `Write ${name.split(/ +/).map(literal).join(", ")}.`,
  },
];

function suggest(name: string, kind: Kind): string {
  const visible = Array.from(name).filter((character) => !isControl(character) && !isHidden(character));
  const trimmed = visible.join("").replace(/^ +| +$/g, "");
  return trimmed === "" ? `Write the name of a ${kind}, or delete the entry.` : `Write ${literal(trimmed)}.`;
}

/** Reports roles and scopes that no caller can hold, or that are listed twice. */
export function checkRequirements(declaration: Declaration, problems: Problems): void {
  const { requires } = declaration;
  if (requires === undefined) return;
  const { roles, scopes } = AuthRequirementsSchema.field;
  checkNames(declaration, "role", requires.roles, roles.number, problems);
  checkNames(declaration, "scope", requires.scopes, scopes.number, problems);
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
    const fault = faults.find(({ what }) => what(name, kind) !== undefined);
    if (fault !== undefined) {
      const { what, instead } = fault;
      problems.add("error", place, `${subject} ${what(name, kind)}, so no caller has it. ${instead(name, kind)}`);
    } else if (seen.has(name)) {
      problems.add("ambiguous", place, `${subject} is listed twice. Delete one, or write the ${kind} that you meant.`);
    }
    seen.add(name);
  }
}
