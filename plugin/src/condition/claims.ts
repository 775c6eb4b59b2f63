import { literal } from "../text/literal.js";
import { and, atom } from "./bool-code.js";
import { guardsOfParent } from "./compare.js";
import type { Printer } from "./printer.js";
import type { Value } from "./term.js";

/** Reads a claim, or a member of one. The helper returns undefined for an absent, null or empty one. */
export function claimOf(object: Value, name: string, printer: Printer): Value {
  printer.helpers.add("claimOf");
  const code = `claimOf(${object.code}, ${literal(name)})`;
  const isObject = atom(`typeof ${object.code} === "object"`);
  const parent = object.type.kind === "claims" ? [] : [...guardsOfParent(object), isObject];
  // has() of an item of a list is an error.
  const notList = object.type.kind === "claims" ? [] : [atom(`!Array.isArray(${object.code})`)];
  return {
    kind: "value",
    type: { kind: "dyn" },
    code,
    guards: [...parent, atom(`${code} !== undefined`)],
    reads: object.reads,
    presence: {
      yes: and(...parent, atom(`${code} !== undefined`)),
      no: and(...parent, ...notList, atom(`${code} === undefined`)),
    },
  };
}
