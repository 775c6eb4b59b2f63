import type { GeneratedFile, Printable, Target } from "@bufbuild/protoplugin";
import { literal } from "../text/literal.js";

/** Plain data as it appears in generated code. Entries are those of an object; documentation stands before an entry. */
export type Data = string | readonly Data[] | { readonly entries: readonly Entry[]; readonly multiline: boolean };

export interface Entry {
  readonly doc?: Printable;
  readonly key: string;
  readonly value: Data;
}

/** Prints an exported constant. Tables are so regular that each target is printed directly. */
export function printConstant(f: GeneratedFile, target: Target, doc: Printable, name: string, value: Data): void {
  switch (target) {
    case "ts":
      return f.print(doc, "\n", f.export("const", name), " = ", printData(value, "", asValue), " as const;");
    case "js":
      return f.print(doc, "\n", f.export("const", name), " = ", printData(value, "", asValue), ";");
    case "dts":
      return f.print(doc, "\n", f.export("declare const", name), ": ", printData(value, "", asType), ";");
  }
}

/** Prints an exported constant that is parsed from JSON, which loads a good deal faster than the same value as code. */
export function printParsed(
  f: GeneratedFile,
  target: Target,
  doc: Printable,
  name: string,
  { json, type }: { readonly json: string; readonly type: string },
): void {
  // Pure, so that a bundler drops what is not used.
  const value = `/* @__PURE__ */ JSON.parse(\`${json.replace(/[\\`]|\$(?=\{)/g, "\\$&")}\`)`;
  switch (target) {
    case "ts":
      return f.print(doc, "\n", f.export("const", name), `: ${type} = ${value};`);
    case "js":
      return f.print(doc, "\n", f.export("const", name), ` = ${value};`);
    case "dts":
      return f.print(doc, "\n", f.export("declare const", name), `: ${type};`);
  }
}

interface Style {
  readonly separator: string;
  readonly modifier: string;
}
const asValue: Style = { separator: ",", modifier: "" };
const asType: Style = { separator: ";", modifier: "readonly " };

function printData(data: Data, indentation: string, style: Style): Printable {
  if (typeof data === "string") return literal(data);
  if (isList(data)) return [style.modifier, printList(data, indentation, style)];
  return printObject(data, indentation, style);
}

/** Prints a list on one line where it fits, and one item per line where it does not: a change is then one line. */
function printList(items: readonly Data[], indentation: string, style: Style): Printable {
  if (items.every((item) => typeof item === "string")) {
    const line = `[${items.map(literal).join(", ")}]`;
    if (line.length <= 80) return line;
  }
  const inner = `${indentation}  `;
  return ["[\n", ...items.map((item) => [inner, printData(item, inner, style), ",\n"]), indentation, "]"];
}

function isList(data: Data): data is readonly Data[] {
  return Array.isArray(data);
}

function printObject(
  { entries, multiline }: { readonly entries: readonly Entry[]; readonly multiline: boolean },
  indentation: string,
  style: Style,
): Printable {
  if (entries.length === 0) return "{}";
  const inner = multiline ? `${indentation}  ` : indentation;
  const fields = entries.map(({ doc, key, value }, index): Printable => {
    const field = [style.modifier, propertyName(key), ": ", printData(value, inner, style)];
    if (multiline) return [doc === undefined ? "" : [doc, "\n"], inner, ...field, style.separator, "\n"];
    return index === 0 ? field : [style.separator, " ", ...field];
  });
  return multiline ? ["{\n", ...fields, indentation, "}"] : ["{ ", ...fields, " }"];
}

/** A method called `__proto__` must be a computed key: as a plain one it would set the prototype and be lost. */
function propertyName(key: string): string {
  return key === "__proto__" ? '["__proto__"]' : key;
}
