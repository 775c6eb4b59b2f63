import type { DescMessage } from "@bufbuild/protobuf";
import { member } from "./access.js";
import { typeOfField } from "./cel-type.js";
import { ConditionError } from "./condition-error.js";
import { explainUnknownField } from "./fields.js";
import { createScope } from "./scope.js";
import { objectShape, printShape } from "./shape.js";

/** The accessor of a resource, compiled to JavaScript. */
export interface CompiledResource {
  readonly path: string;
  /** The expression of `of`. */
  readonly code: string;
  /** The type of the parameter. */
  readonly request: string;
  /** The type of the result. */
  readonly result: string;
}

/**
 * Compiles the path of a resource, such as `role.account_id`.
 *
 * @throws ConditionError for a path that leads to no string or integer.
 */
export function compileResource(path: string, request: DescMessage): CompiledResource {
  if (path === "")
    throw new ConditionError({ start: 0, end: 0 }, "is empty. Delete it: permissions need no resource then");
  if (path.startsWith("request.") && !request.fields.some(({ name }) => name === "request")) {
    throw new ConditionError({ start: 0, end: 7 }, `begins in the request. Write ${path.slice(8)}`);
  }
  if (!/^\w+(\.\w+)*$/.test(path)) {
    throw new ConditionError(
      { start: 0, end: path.length },
      "is no path. Join the names of fields by dots, such as role.account_id",
    );
  }
  const shape = objectShape();
  const { variables } = createScope({ kind: "message", desc: request }, shape, objectShape());
  let value = variables.get("request");
  let start = 0;
  for (const name of path.split(".")) {
    const span = { start, end: start + name.length };
    const desc = value?.type.kind === "message" ? value.type.desc : undefined;
    if (value === undefined || desc === undefined)
      throw new ConditionError(span, `has no field ${name}: it is no message`);
    const field = desc.fields.find((candidate) => candidate.name === name);
    if (field === undefined) throw new ConditionError(span, explainUnknownField(desc, name));
    const { kind } = typeOfField(field);
    if (kind === "list" || kind === "map") {
      throw new ConditionError(span, `${desc.typeName}.${name} has several values. A resource needs one`);
    }
    value = member(value, name, span, { helpers: new Set() });
    start += name.length + 1;
  }
  const type = value?.type.kind === "wrapper" ? value.type.of : value?.type;
  const isName =
    type?.kind === "string" || ((type?.kind === "int" || type?.kind === "uint") && type.enum === undefined);
  if (value === undefined || !isName) {
    throw new ConditionError({ start: 0, end: path.length }, "leads to no string or integer, so it names no resource");
  }
  const result = "form" in type ? type.form : "string";
  return {
    path,
    code: value.code,
    request: printShape(shape),
    result: value.type.kind === "wrapper" ? `${result} | undefined` : result,
  };
}
