import { literal } from "../text/literal.js";
import { nearest } from "../text/nearest.js";
import { and, atom } from "./bool-code.js";
import type { CelType } from "./cel-type.js";
import { ConditionError, type Span } from "./condition-error.js";
import { addMember, type ObjectShape } from "./shape.js";
import type { Value } from "./term.js";

/** Facts about a caller, with the type that the generated code declares. */
const callerFacts: { readonly [name: string]: { readonly type: CelType; readonly text: string } } = {
  subject: { type: { kind: "string" }, text: "string" },
  name: { type: { kind: "string" }, text: "string | undefined" },
  roles: { type: { kind: "list", element: { kind: "string" }, isSet: true }, text: "ReadonlySet<string>" },
  scopes: { type: { kind: "list", element: { kind: "string" }, isSet: true }, text: "ReadonlySet<string>" },
  permissions: { type: { kind: "list", element: { kind: "string" }, isSet: true }, text: "ReadonlySet<string>" },
  type: { type: { kind: "string" }, text: "string" },
  internal: { type: { kind: "bool" }, text: "boolean" },
  claims: { type: { kind: "claims" }, text: "{ readonly [name: string]: unknown }" },
};

/** Reads a fact about the caller. */
export function factOf(caller: Value, name: string, span: Span): Value {
  const fact = Object.hasOwn(callerFacts, name) ? callerFacts[name] : undefined;
  if (fact === undefined) {
    const names = Object.keys(callerFacts);
    const meant = nearest(name, names);
    const hint =
      meant === undefined
        ? `It has ${names.join(", ")}. Did you mean caller.claims.${name}?`
        : `Did you mean ${meant}?`;
    throw new ConditionError(span, `caller has no field ${literal(name)}. ${hint}`);
  }
  addMember(caller.shape as ObjectShape, name, false, () => ({ kind: "plain", text: fact.text }));
  const code = `${caller.code}.${name}`;
  const base: Value = { kind: "value", type: fact.type, code, guards: [], reads: caller.reads };
  if (fact.type.kind !== "string") return base;
  const isOptional = name === "name";
  const isThere = [...(isOptional ? [atom(`${code} !== undefined`)] : []), atom(`${code} !== ""`)];
  return {
    ...base,
    // An empty name must not equal an empty field.
    guards: isThere,
    ...(isOptional && { presence: { yes: and(...isThere), no: atom(`(${code} === undefined || ${code} === "")`) } }),
  };
}
