/** The type of a value that a condition reads, as far as the condition reads it. */
export type Shape =
  | { readonly kind: "plain"; readonly text: string }
  | ObjectShape
  | { readonly kind: "list"; readonly element: Shape }
  | { readonly kind: "map"; readonly value: Shape }
  | OneofShape;

/** An object, with the members that are read so far. */
export interface ObjectShape {
  readonly kind: "object";
  readonly members: Map<string, { readonly isOptional: boolean; readonly shape: Shape }>;
}

/** A oneof in the form of protobuf-es: `{ case: "email", value: string }`. */
export interface OneofShape {
  readonly kind: "oneof";
  /** The members that are read so far. */
  readonly read: Map<string, Shape>;
  readonly names: readonly string[];
}

export function objectShape(): ObjectShape {
  return { kind: "object", members: new Map() };
}

/** Adds a member to an object, unless it is there. Returns its shape. */
export function addMember(object: ObjectShape, name: string, isOptional: boolean, create: () => Shape): Shape {
  const known = object.members.get(name);
  if (known !== undefined) return known.shape;
  const shape = create();
  object.members.set(name, { isOptional, shape });
  return shape;
}

/**
 * Prints a shape as a type of TypeScript. Generated messages have this type.
 *
 * @example
 * printShape(shape); // "{ readonly tenantId: string; readonly items: readonly { readonly id: string }[] }"
 */
export function printShape(shape: Shape): string {
  switch (shape.kind) {
    case "plain":
      return shape.text;
    case "list":
      return `readonly ${parenthesize(printShape(shape.element))}[]`;
    case "map":
      return `{ readonly [key: string]: ${printShape(shape.value)} }`;
    case "object": {
      const members = [...shape.members].map(([name, { isOptional, shape: member }]) =>
        isOptional ? `readonly ${name}?: ${printShape(member)} | undefined` : `readonly ${name}: ${printShape(member)}`,
      );
      return members.length === 0 ? "object" : `{ ${members.join("; ")} }`;
    }
    case "oneof": {
      const read = [...shape.read].map(
        ([name, member]) => `{ readonly case: ${JSON.stringify(name)}; readonly value: ${printShape(member)} }`,
      );
      const others = shape.names.filter((name) => !shape.read.has(name)).map((name) => JSON.stringify(name));
      return [...read, `{ readonly case: ${[...others, "undefined"].join(" | ")}; readonly value?: unknown }`].join(
        " | ",
      );
    }
  }
}

function parenthesize(type: string): string {
  return / \| |^readonly /.test(type) && !/^\{.*\}$/.test(type) ? `(${type})` : type;
}
