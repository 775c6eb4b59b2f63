import type { CelType } from "./cel-type.js";
import { objectShape, type Shape } from "./shape.js";

/** The shape of a value that nothing is read of yet. */
export function shapeOf(type: CelType): Shape {
  switch (type.kind) {
    case "message":
      return objectShape();
    case "list":
      return { kind: "list", element: shapeOf(type.element) };
    case "map":
      return { kind: "map", value: shapeOf(type.value) };
    case "wrapper":
      return shapeOf(type.of);
    case "timestamp":
      return { kind: "plain", text: "{ readonly seconds: bigint; readonly nanos: number }" };
    case "bool":
      return { kind: "plain", text: "boolean" };
    case "double":
      return { kind: "plain", text: "number" };
    case "int":
    case "uint":
      return { kind: "plain", text: type.form };
    case "bytes":
      return { kind: "plain", text: "Uint8Array" };
    case "string":
      return { kind: "plain", text: "string" };
    default:
      return { kind: "plain", text: "unknown" };
  }
}
