import type { ASTNode } from "@marcbachmann/cel-js";
import { literal } from "../text/literal.js";
import { nearest } from "../text/nearest.js";
import { indexed, member } from "./access.js";
import { always, atom, print } from "./bool-code.js";
import { callOnString, isIn, isOneOf, sizeOf, stringFunctions } from "./calls.js";
import { nameOf } from "./cel-type.js";
import { chooseTruth, chooseValue } from "./choice.js";
import { equal, ordered } from "./compare.js";
import { ConditionError } from "./condition-error.js";
import { checkCost, requireInnermost } from "./cost.js";
import { explainFunction } from "./explain-function.js";
import { intLiteral, literalOf, maxInt } from "./literals.js";
import { itemsOf, loopOver } from "./loops.js";
import type { Printer } from "./printer.js";
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
    checkCost(node, scope, a, b);
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
      checkCost(node, scope, value, ...items);
      return isOneOf(value, items, node);
    }
    const container = this.#value(right, scope);
    if (container.type.kind === "claims") return this.#presence(node, indexed(container, value, node, this.#printer));
    requireInnermost(node, scope, container.type.kind === "map" ? value : container);
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
    const isOfValues = a.kind === "value" && b.kind === "value" && a.type.kind !== "bool" && a.type.kind !== "dyn";
    if (isOfValues) return chooseValue(node, decision, a, b);
    return chooseTruth(decision, this.#truthOf(left, a), this.#truthOf(right, b));
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
      checkCost(node, scope, text, part);
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
    if (value.type.kind === "map") requireInnermost(node, scope, value);
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
    if (value.type.kind !== "list") requireInnermost(node, scope, value);
    return sizeOf(value, node);
  }

  #loop(node: ASTNode, name: "all" | "exists", range: Value, variable: string, body: ASTNode, scope: Scope): Truth {
    if (scope.loops >= maxLoops) throw new ConditionError(node, `more than ${maxLoops} loops are in each other`);
    if (scope.variables.has(variable)) throw new ConditionError(node, `the name ${variable} is taken. Choose another`);
    requireInnermost(node, scope, range);
    const items = itemsOf(node, range, variable, this.#printer);
    return loopOver(name, range, variable, items, this.truth(body, within(scope, variable, items.item)));
  }

  /** An operand of an index. */
  #light(node: ASTNode, scope: Scope): Value {
    const value = this.#value(node, scope);
    requireInnermost(node, scope, value);
    return value;
  }
}

function isSize(code: string): boolean {
  return /\.(length|size)$/.test(code);
}

/** `a.b.c` as a text, if it consists of names. */
function pathOf(node: ASTNode): string | undefined {
  if (node.op === "id") return node.args;
  if (node.op !== ".") return undefined;
  const parent = pathOf(node.args[0]);
  return parent === undefined ? undefined : `${parent}.${node.args[1]}`;
}
