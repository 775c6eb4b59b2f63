import type { DescEnum } from "@bufbuild/protobuf";
import type { CelType } from "./cel-type.js";
import type { ObjectShape } from "./shape.js";
import type { Value } from "./term.js";

/** Finds an enum by its fully qualified name. */
export type EnumLookup = (typeName: string) => DescEnum | undefined;

/** The names that a condition can use. */
export interface Scope {
  readonly variables: ReadonlyMap<string, Value>;
  /** Number of loops over parts of the request around the expression. */
  readonly depth: number;
  /** Number of loops around the expression. */
  readonly loops: number;
}

/** The variables of a condition: the request, the caller and the time. */
export function createScope(request: CelType, requestShape: ObjectShape, callerShape: ObjectShape): Scope {
  const variable = (name: string, type: CelType): Value => ({
    kind: "value",
    type,
    code: name,
    guards: [],
    reads: new Set([name]),
  });
  return {
    variables: new Map<string, Value>([
      ["request", { ...variable("request", request), shape: requestShape, root: 0 }],
      ["caller", { ...variable("caller", { kind: "caller" }), shape: callerShape }],
      ["now", variable("now", { kind: "timestamp" })],
    ]),
    depth: 0,
    loops: 0,
  };
}

/** Adds the variable of a loop. */
export function within(scope: Scope, name: string, variable: Value): Scope {
  const isOverRequest = variable.root !== undefined;
  return {
    variables: new Map([...scope.variables, [name, variable]]),
    depth: scope.depth + (isOverRequest ? 1 : 0),
    loops: scope.loops + 1,
  };
}

/**
 * Resolves the name of an enum value as CEL does: from the package of the service outwards.
 *
 * @example
 * findEnumValue("Kind.KIND_ADMIN", "shop.v1", lookup); // { desc: enum shop.v1.Kind, number: 2 }
 */
export function findEnumValue(
  path: string,
  packageName: string,
  lookup: EnumLookup,
): { readonly desc: DescEnum; readonly number: number | undefined } | undefined {
  const dot = path.lastIndexOf(".");
  if (dot < 0) return undefined;
  const [typeName, name] = [path.slice(0, dot), path.slice(dot + 1)];
  for (let container = packageName; ; container = container.slice(0, Math.max(container.lastIndexOf("."), 0))) {
    const desc = lookup(container === "" ? typeName : `${container}.${typeName}`);
    if (desc !== undefined) return { desc, number: desc.values.find((value) => value.name === name)?.number };
    if (container === "") return undefined;
  }
}
