import { literal } from "./literal.js";
import type { GeneratorOptions, Target } from "./parameter.js";

/** Plain data as it appears in generated code. A list of entries is an object; documentation stands before an entry. */
export type Data = string | readonly Data[] | { readonly entries: readonly Entry[]; readonly multiline: boolean };

export interface Entry {
  readonly doc?: string;
  readonly key: string;
  readonly value: Data;
}

/** How one target writes a file of constants. Tables are so regular that each target is printed directly. */
export interface Dialect {
  readonly extension: string;
  /** What comes before the constants. */
  readonly prologue: string;
  constant(name: string, value: Data): string;
  /** A constant that is parsed from JSON, which loads a good deal faster than the same value written as code. */
  parsed(name: string, json: string, type: string): string;
  /** What comes after the constants, given their names. */
  epilogue(names: readonly string[]): string;
}

/** The dialect of a target. */
export function dialectOf(target: Target, { jsImportStyle }: GeneratorOptions): Dialect {
  switch (target) {
    case "ts":
      return typescript;
    case "dts":
      return declarations;
    case "js":
      return jsImportStyle === "legacy_commonjs" ? commonjs : javascript;
  }
}

const emptyModule = (names: readonly string[]) => (names.length === 0 ? "export {};\n" : "");

const typescript: Dialect = {
  extension: ".ts",
  prologue: "",
  constant: (name, value) => `export const ${name} = ${printValue(value, "")} as const;\n`,
  parsed: (name, json, type) => `export const ${name}: ${type} = ${parse(json)};\n`,
  epilogue: emptyModule,
};

const javascript: Dialect = {
  extension: ".js",
  prologue: "",
  constant: (name, value) => `export const ${name} = ${printValue(value, "")};\n`,
  parsed: (name, json) => `export const ${name} = ${parse(json)};\n`,
  epilogue: emptyModule,
};

const commonjs: Dialect = {
  extension: ".js",
  prologue: '"use strict";\nObject.defineProperty(exports, "__esModule", { value: true });\n\n',
  constant: (name, value) => `const ${name} = ${printValue(value, "")};\n`,
  parsed: (name, json) => `const ${name} = ${parse(json)};\n`,
  epilogue: (names) => (names.length === 0 ? "" : `\n${names.map((name) => `exports.${name} = ${name};\n`).join("")}`),
};

const declarations: Dialect = {
  extension: ".d.ts",
  prologue: "",
  constant: (name, value) => `export declare const ${name}: ${printType(value, "")};\n`,
  parsed: (name, _json, type) => `export declare const ${name}: ${type};\n`,
  epilogue: emptyModule,
};

/** Pure, so that a bundler drops what is not used. */
function parse(json: string): string {
  return `/* @__PURE__ */ JSON.parse(\`${json.replace(/[\\`]|\$(?=\{)/g, "\\$&")}\`)`;
}

function printValue(data: Data, indentation: string): string {
  if (typeof data === "string") return literal(data);
  if (isList(data)) return printList(data, indentation, printValue);
  return printObject(data, indentation, ",", "", printValue);
}

function printType(data: Data, indentation: string): string {
  if (typeof data === "string") return literal(data);
  if (isList(data)) return `readonly ${printList(data, indentation, printType)}`;
  return printObject(data, indentation, ";", "readonly ", printType);
}

type Print = (data: Data, indentation: string) => string;

/** Prints a list on one line where it fits, and one item per line where it does not: a change is then one line. */
function printList(items: readonly Data[], indentation: string, print: Print): string {
  if (items.every((item) => typeof item === "string")) {
    const line = `[${items.map((item) => print(item, indentation)).join(", ")}]`;
    if (line.length <= 80) return line;
  }
  const inner = `${indentation}  `;
  return `[\n${items.map((item) => `${inner}${print(item, inner)},\n`).join("")}${indentation}]`;
}

function printObject(
  { entries, multiline }: { readonly entries: readonly Entry[]; readonly multiline: boolean },
  indentation: string,
  separator: string,
  modifier: string,
  print: Print,
): string {
  if (entries.length === 0) return "{}";
  const inner = multiline ? `${indentation}  ` : indentation;
  const fields = entries.map(({ key, value }) => `${modifier}${propertyName(key)}: ${print(value, inner)}`);
  if (!multiline) return `{ ${fields.join(`${separator} `)} }`;
  const lines = entries.map(({ doc }, index) => `${doc ?? ""}${inner}${fields[index]}${separator}\n`);
  return `{\n${lines.join("")}${indentation}}`;
}

/** A method called `__proto__` must be a computed key: as a plain one it would set the prototype and be lost. */
function propertyName(key: string): string {
  return key === "__proto__" ? '["__proto__"]' : key;
}

function isList(data: Data): data is readonly Data[] {
  return Array.isArray(data);
}
