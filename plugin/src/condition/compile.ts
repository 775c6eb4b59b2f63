import type { ASTNode } from "@marcbachmann/cel-js";
import { literal } from "../text/literal.js";
import { nearest } from "../text/nearest.js";
import { elementOf, indexed, member } from "./access.js";
import { always, and, atom, type BoolCode, or, print } from "./bool-code.js";
import { callOnString, isIn, isOneOf, sizeOf, stringFunctions } from "./calls.js";
import { nameOf } from "./cel-type.js";
import { equal, guardsOfParent, ordered, sameForm } from "./compare.js";
import { ConditionError } from "./condition-error.js";
import { castTo, type Printer } from "./printer.js";
import { type EnumLookup, findEnumValue, type Scope, within } from "./scope.js";
import {
  asTruth,
  asValue,
  conjunction,
  disjunction,
  isKnownEarly,
  negate,
  type Term,
  type Truth,
  type Value,
} from "./term.js";

/** The largest int of CEL. */
const maxInt = 2n ** 63n - 1n;

/** Most parts of an expression in each other. */
const maxDepth = 1_000;

/** Longest code of an expression, in characters. */
const maxCode = 65_536;

/** Most loops in each other. */
const maxLoops = 3;

/** Compiles the syntax tree of one condition. */
export class Compiler {
  readonly #printer: Printer;
  readonly #packageName: string;
  readonly #enums: EnumLookup;
  /** Number of parts around the current one. */
  #depth = 0;
  /** The mistakes found so far. */
  readonly errors: ConditionError[] = [];

  constructor(printer: Printer, packageName: string, enums: EnumLookup) {
    this.#printer = printer;
    this.#packageName = packageName;
    this.#enums = enums;
  }

  /** Compiles an expression that must be true or false. Collects the mistakes of its parts. */
  truth(node: ASTNode, scope: Scope): Truth {
    try {
      return this.#truthOf(node, this.#term(node, scope));
    } catch (error) {
      if (!(error instanceof ConditionError)) throw error;
      this.errors.push(error);
      return {
        kind: "truth",
        yes: atom("error"),
        no: atom("error"),
        mayBeTrue: always,
        mayBeFalse: always,
        reads: new Set(["request"]),
      };
    }
  }

  #truthOf(node: ASTNode, term: Term): Truth {
    if (term.kind === "truth") return term;
    const { type } = term;
    const { kind } = type.kind === "wrapper" ? type.of : type;
    if (kind === "bool" || kind === "dyn") return asTruth(term);
    throw new ConditionError(node, `is ${nameOf(term.type)}, but must be true or false. Compare it with a value`);
  }

  #value(node: ASTNode, scope: Scope): Value {
    const term = this.#term(node, scope);
    return term.kind === "value" ? term : asValue(this.#limit(node, term));
  }

  /** `?:`, and comparisons of bools, double the code of their parts, so its size is limited at each of them. */
  #limit<T extends Term>(node: ASTNode, term: T): T {
    const codes = term.kind === "value" ? term.guards : [term.yes, term.no];
    const texts = [...codes.map(print), term.kind === "value" ? term.code : ""];
    if (texts.reduce((length, text) => length + text.length, 0) <= maxCode) return term;
    throw new ConditionError(node, "is too complex: its code would be very long. Check it in code");
  }

  #term(node: ASTNode, scope: Scope): Term {
    if (this.#depth === maxDepth) throw new ConditionError(node, "has too many parts in each other. Check it in code");
    this.#depth++;
    try {
      return this.#compile(node, scope);
    } finally {
      this.#depth--;
    }
  }

  #compile(node: ASTNode, scope: Scope): Term {
    switch (node.op) {
      case "value":
        return literalOf(node);
      case "id":
      case ".":
        return this.#named(node, scope);
      case "[]":
        return indexed(this.#value(node.args[0], scope), this.#light(node.args[1], scope), node, this.#printer);
      case "&&":
        return conjunction(this.truth(node.args[0], scope), this.truth(node.args[1], scope));
      case "||":
        return disjunction(this.truth(node.args[0], scope), this.truth(node.args[1], scope));
      case "!_":
        return negate(this.truth(node.args, scope));
      case "?:":
        return this.#limit(node, this.#choice(node, scope));
      case "==":
        return this.#comparison(node, scope);
      case "!=":
        return negate(this.#comparison(node, scope));
      case "<":
      case "<=":
      case ">":
      case ">=":
        return this.#comparison(node, scope);
      case "in":
        return this.#membership(node, scope);
      case "-_":
        return this.#negative(node, scope);
      case "call":
        return this.#call(node, scope);
      case "rcall":
        return this.#method(node, scope);
      case "+":
      case "-":
      case "*":
      case "/":
      case "%":
        throw new ConditionError(node, `calculates with \`${node.op}\`, which is not supported. Check it in code`);
      case "list":
        throw new ConditionError(node, "a list in brackets is supported after `in` only");
      default:
        throw new ConditionError(node, "this syntax is not supported in conditions");
    }
  }

  /** A variable, a member, or the value of an enum. */
  #named(node: ASTNode & { op: "id" | "." }, scope: Scope): Value {
    const path = pathOf(node);
    const [root] = path?.split(".") ?? [];
    if (root === undefined || scope.variables.has(root)) {
      if (node.op === "id") return scope.variables.get(node.args) as Value;
      return member(this.#value(node.args[0], scope), node.args[1], { start: node.pos, end: node.end }, this.#printer);
    }
    const found = findEnumValue(path as string, this.#packageName, this.#enums);
    if (found !== undefined) {
      const { desc, number } = found;
      if (number === undefined) {
        const name = (path as string).split(".").pop() as string;
        const meant = nearest(
          name,
          desc.values.map((value) => value.name),
        );
        const hint =
          meant === undefined
            ? `It has ${desc.values.map((value) => value.name).join(", ")}`
            : `Did you mean ${meant}?`;
        throw new ConditionError(node, `enum ${desc.typeName} has no value ${literal(name)}. ${hint}`);
      }
      return { ...intLiteral(BigInt(number)), type: { kind: "int", form: "number", enum: desc } };
    }
    const names = [...scope.variables.keys()];
    const meant = nearest(root, names);
    const known = `A condition knows ${names.join(", ")} and the values of enums, such as Kind.KIND_ADMIN`;
    const hint = meant === undefined ? known : `Did you mean ${meant}?`;
    throw new ConditionError(node, `${literal(root)} is not known. ${hint}`);
  }

  #comparison(node: ASTNode, scope: Scope): Truth {
    const [left, right] = node.args as [ASTNode, ASTNode];
    const [a, b] = [this.#value(left, scope), this.#value(right, scope)];
    this.#checkCost(node, scope, a, b);
    if (node.op !== "==" && node.op !== "!=") {
      const op = node.op as "<" | "<=" | ">" | ">=";
      this.#checkSize(node, op, a, b);
      return ordered(op, a, b, node, this.#printer);
    }
    return equal(a, b, node);
  }

  /** Reports comparisons that hold for every size. */
  #checkSize(node: ASTNode, op: string, a: Value, b: Value): void {
    const isFixed = (size: Value, other: Value, ops: readonly string[]) =>
      (isSize(size.code) || size.type.kind === "uint") && other.int === 0n && ops.includes(op);
    if (isFixed(a, b, ["<", ">="]) || isFixed(b, a, [">", "<="])) {
      throw new ConditionError(node, "compares a value that is never negative with 0, so it is always the same");
    }
  }

  #membership(node: ASTNode & { op: "in" }, scope: Scope): Truth {
    const [left, right] = node.args;
    const value = this.#value(left, scope);
    if (right.op === "list") {
      const items = right.args.map((item) => this.#value(item, scope));
      if (items.length === 0) throw new ConditionError(right, "an empty list contains nothing. Write its items");
      this.#checkCost(node, scope, value, ...items);
      return isOneOf(value, items, node);
    }
    const container = this.#value(right, scope);
    if (container.type.kind === "claims") return this.#presence(node, indexed(container, value, node, this.#printer));
    this.#requireInnermost(node, scope, container.type.kind === "map" ? value : container);
    return isIn(value, container, node, this.#printer);
  }

  #negative(node: ASTNode & { op: "-_" }, scope: Scope): Value {
    const { args } = node.args;
    if (node.args.op === "value" && typeof args === "bigint" && args <= maxInt + 1n) return intLiteral(-args);
    const value = this.#value(node.args, scope);
    if (value.isLiteral === true && value.type.kind === "double")
      return { ...value, code: String(-Number(value.code)) };
    throw new ConditionError(node, "calculates with `-`, which is supported in front of numbers only");
  }

  /** `condition ? a : b` */
  #choice(node: ASTNode & { op: "?:" }, scope: Scope): Term {
    const [test, left, right] = node.args;
    const decision = this.truth(test, scope);
    const [a, b] = [this.#term(left, scope), this.#term(right, scope)];
    if (a.kind === "value" && b.kind === "value" && a.type.kind !== "bool" && a.type.kind !== "dyn") {
      if (
        a.type.kind !== b.type.kind ||
        nameOf(a.type) !== nameOf(b.type) ||
        a.shape !== undefined ||
        b.shape !== undefined
      ) {
        throw new ConditionError(
          node,
          `chooses between ${nameOf(a.type)} and ${nameOf(b.type)}. Both need one type of a single value`,
        );
      }
      const [one, other] = sameForm(a, b);
      return {
        kind: "value",
        type: one.type,
        code: `(${print(decision.yes)} ? ${one.code} : ${other.code})`,
        guards: [or(and(decision.yes, ...a.guards), and(decision.no, ...b.guards))],
        reads: new Set([...decision.reads, ...a.reads, ...b.reads]),
        // The outermost origin is the most expensive one.
        root: a.root === undefined || b.root === undefined ? (a.root ?? b.root) : Math.min(a.root, b.root),
      };
    }
    const [yes, no] = [this.#truthOf(left, a), this.#truthOf(right, b)];
    const chosen = conjunction(decision, yes);
    const otherwise = conjunction(negate(decision), no);
    const pick = (part: "yes" | "mayBeTrue") => or(chosen[part], otherwise[part]);
    const negative = [conjunction(decision, negate(yes)), conjunction(negate(decision), negate(no))] as const;
    return {
      kind: "truth",
      yes: pick("yes"),
      no: or(negative[0].yes, negative[1].yes),
      mayBeTrue: pick("mayBeTrue"),
      mayBeFalse: or(negative[0].mayBeTrue, negative[1].mayBeTrue),
      reads: new Set([...chosen.reads, ...otherwise.reads]),
    };
  }

  #call(node: ASTNode & { op: "call" }, scope: Scope): Term {
    const [name, args] = node.args;
    const [first] = args;
    if (name === "has" && args.length === 1 && first !== undefined) return this.#has(first, scope);
    if (name === "size" && args.length === 1 && first !== undefined) return this.#size(node, first, scope);
    throw new ConditionError(node, explainFunction(name));
  }

  #method(node: ASTNode & { op: "rcall" }, scope: Scope): Term {
    const [name, receiver, args] = node.args;
    const [first, second] = args;
    if (name === "size" && args.length === 0) return this.#size(node, receiver, scope);
    if (stringFunctions.has(name) && args.length === 1 && first !== undefined) {
      const [text, part] = [this.#value(receiver, scope), this.#value(first, scope)];
      this.#checkCost(node, scope, text, part);
      if (name === "contains" && part.root !== undefined) {
        throw new ConditionError(
          node,
          "searches for a text of the request, which can take very long. Search for a literal or a claim",
        );
      }
      return callOnString(name, text, part, node);
    }
    if ((name === "all" || name === "exists") && args.length === 2 && first?.op === "id" && second !== undefined) {
      return this.#loop(node, name, this.#value(receiver, scope), first.args, second, scope);
    }
    throw new ConditionError({ start: node.pos, end: node.end }, explainFunction(name));
  }

  #has(node: ASTNode, scope: Scope): Truth {
    if (node.op === "[]") throw new ConditionError(node, 'has() needs a field. Write `"key" in object` for a key');
    if (node.op !== ".") throw new ConditionError(node, "has() needs a field, such as has(request.owner)");
    const value = this.#value(node, scope);
    if (value.type.kind === "map") this.#requireInnermost(node, scope, value);
    return this.#presence(node, value);
  }

  #presence(node: ASTNode, value: Value): Truth {
    const { presence } = value;
    if (presence === undefined) throw new ConditionError(node, "is always there. Delete the has()");
    const { yes, no } = presence;
    const isEarly = isKnownEarly(value.reads);
    return {
      kind: "truth",
      yes,
      no,
      mayBeTrue: isEarly ? yes : always,
      mayBeFalse: isEarly ? no : always,
      reads: value.reads,
    };
  }

  #size(node: ASTNode, argument: ASTNode, scope: Scope): Value {
    const value = this.#value(argument, scope);
    if (value.type.kind !== "list") this.#requireInnermost(node, scope, value);
    return sizeOf(value, node);
  }

  #loop(node: ASTNode, name: "all" | "exists", range: Value, variable: string, body: ASTNode, scope: Scope): Truth {
    if (scope.loops >= maxLoops) throw new ConditionError(node, `more than ${maxLoops} loops are in each other`);
    if (scope.variables.has(variable)) throw new ConditionError(node, `the name ${variable} is taken. Choose another`);
    this.#requireInnermost(node, scope, range);
    const { code, name: parameter, item, guards } = this.#items(node, range, variable);
    const inner = within(scope, variable, item);
    const { yes, no, mayBeTrue, reads: read } = this.truth(body, inner);
    const reads = new Set([...range.reads, ...[...read].filter((one) => one !== variable)]);
    const each = (method: "every" | "some", test: BoolCode) =>
      // An empty list decides, whatever the test of an item is.
      test.op === "constant" && test.value === (method === "every")
        ? test
        : atom(`${code}.${method}((${parameter}) => ${print(test)})`);
    const isAll = name === "all";
    const found = and(...guards, isAll ? each("every", yes) : each("some", yes));
    const missing = and(...guards, isAll ? each("some", no) : each("every", no));
    const isEarly = isKnownEarly(reads);
    const early = isKnownEarly(range.reads) ? guards : [];
    // Without items, all() is true.
    const inEachItem =
      isAll || mayBeTrue.op === "constant" || print(mayBeTrue).includes(parameter) ? always : mayBeTrue;
    return {
      kind: "truth",
      yes: found,
      no: missing,
      mayBeTrue: isEarly ? found : and(...early, inEachItem),
      mayBeFalse: isEarly ? missing : and(...early),
      reads,
    };
  }

  /** The items of a range, as an array, and the variable of the loop. */
  #items(
    node: ASTNode,
    range: Value,
    variable: string,
  ): { code: string; name: string; item: Value; guards: readonly BoolCode[] } {
    const { type, code, guards } = range;
    // `$` keeps it apart from every word of JavaScript.
    const name = `$${variable}`;
    const own = { kind: "value", guards: [], reads: new Set([variable]) } as const;
    const root = range.root === undefined ? undefined : (range.root ?? 0) + 1;
    if (type.kind === "list") {
      const item: Value = { ...elementOf(range, type.element, name), ...own, root };
      if (type.isSet === true) return { code: `Array.from(${code})`, name, item, guards };
      return { code, name, item, guards };
    }
    if (type.kind === "map" && type.key.kind === "string") {
      return { code: `Object.keys(${code})`, name, item: { ...own, type: type.key, code: name, root }, guards };
    }
    if (type.kind === "dyn") {
      this.#printer.helpers.add("given");
      const items = castTo(code, "unknown[]");
      const item: Value = { ...own, type, code: `given(${name})`, guards: [atom(`given(${name}) !== undefined`)] };
      return { code: items, name, item, guards: [...guardsOfParent(range), atom(`Array.isArray(${code})`)] };
    }
    throw new ConditionError(node, `loops over ${nameOf(type)}. Lists, and maps with string keys, are supported`);
  }

  /** An operand of an index. */
  #light(node: ASTNode, scope: Scope): Value {
    const value = this.#value(node, scope);
    this.#requireInnermost(node, scope, value);
    return value;
  }

  /** Comparing two values takes the time of the smaller one. One of them must be small. */
  #checkCost(node: ASTNode, scope: Scope, ...values: readonly Value[]): void {
    const heavy = values.filter((value) => isHeavy(value, scope));
    if (heavy.length === values.length) this.#refuseCost(node);
  }

  #requireInnermost(node: ASTNode, scope: Scope, value: Value): void {
    if (isHeavy(value, scope)) this.#refuseCost(node);
  }

  #refuseCost(node: ASTNode): never {
    const text =
      "reads a part of the request again for every item of a loop, so its time would grow with the square of the request";
    throw new ConditionError(node, `${text}. Compare items with the caller or with literals, or check it in code`);
  }
}

/** A part of the request of any size, from outside the innermost loop. */
function isHeavy({ root, type }: Value, { depth }: Scope): boolean {
  const isSized = ["string", "bytes", "list", "map", "wrapper"].includes(type.kind);
  return isSized && root !== undefined && root !== depth;
}

function isSize(code: string): boolean {
  return /\.(length|size)$/.test(code);
}

function literalOf(node: ASTNode & { op: "value" }): Value {
  const { args } = node;
  const base = { kind: "value", guards: [], reads: new Set<string>(), isLiteral: true } as const;
  if (typeof args === "string") return { ...base, type: { kind: "string" }, code: literal(args) };
  if (typeof args === "boolean") return { ...base, type: { kind: "bool" }, code: String(args) };
  if (typeof args === "number") return { ...base, type: { kind: "double" }, code: String(args) };
  if (args === null) return { ...base, type: { kind: "null" }, code: "null" };
  if (typeof args === "bigint") {
    if (args > maxInt) throw new ConditionError(node, "is larger than an int of 64 bits");
    return intLiteral(args);
  }
  if (args instanceof Uint8Array) throw new ConditionError(node, "bytes are not supported in conditions");
  const value = BigInt(args.valueOf() as bigint);
  if (value > 2n * maxInt + 1n) throw new ConditionError(node, "is larger than a uint of 64 bits");
  return { ...intLiteral(value), type: { kind: "uint", form: "number" } };
}

function intLiteral(value: bigint): Value {
  return {
    kind: "value",
    type: { kind: "int", form: "number" },
    code: String(value),
    guards: [],
    reads: new Set(),
    isLiteral: true,
    int: value,
  };
}

/** `a.b.c` as a text, if it consists of names. */
function pathOf(node: ASTNode): string | undefined {
  if (node.op === "id") return node.args;
  if (node.op !== ".") return undefined;
  const parent = pathOf(node.args[0]);
  return parent === undefined ? undefined : `${parent}.${node.args[1]}`;
}

const functions = ["has", "size", "startsWith", "endsWith", "contains", "all", "exists"];

function explainFunction(name: string): string {
  // Two edits turn most short names into one another.
  const meant = name.length < 4 && !functions.includes(name) ? undefined : nearest(name, functions);
  const hint = meant === undefined || meant === name ? "" : ` Did you mean ${meant}()?`;
  if (meant === name) return `${name}() is written in another form: ${examples[name]}`;
  return `the function ${name}() is not supported in conditions.${hint} They know ${functions.join(", ")}`;
}

const examples: { readonly [name: string]: string } = {
  has: "has(request.owner)",
  size: "size(request.items)",
  startsWith: 'request.name.startsWith("a")',
  endsWith: 'request.name.endsWith("a")',
  contains: 'request.name.contains("a")',
  all: "request.items.all(item, item.id == …)",
  exists: "request.items.exists(item, item.id == …)",
};
