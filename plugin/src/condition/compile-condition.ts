import type { DescMessage } from "@bufbuild/protobuf";
import { type ASTNode, parse } from "@marcbachmann/cel-js";
import { print } from "./bool-code.js";
import { Compiler } from "./compile.js";
import { ConditionError } from "./condition-error.js";
import type { HelperName } from "./printer.js";
import { createScope, type EnumLookup } from "./scope.js";
import { type ObjectShape, objectShape, printShape } from "./shape.js";
import { conjunction, type Truth } from "./term.js";

/** Longest text of a condition, in characters. */
const maxText = 4_096;

/** A condition, compiled to JavaScript. */
export interface CompiledCondition {
  readonly cel: string;
  /** The expression of `holds`, with marks for {@link forTarget}. */
  readonly holds: string;
  /** The expression of `admits`. Undefined if it is true for every caller. */
  readonly admits: string | undefined;
  /** The types of the parameters. Undefined for a parameter that is not read. */
  readonly parameters: {
    readonly caller: string | undefined;
    readonly request: string | undefined;
    readonly now: string | undefined;
  };
  readonly readsPermissions: boolean;
  readonly helpers: ReadonlySet<HelperName>;
}

/** The result of compiling one text of a condition. */
export interface CompiledText {
  readonly errors: readonly ConditionError[];
  /** True or false if the condition has this value for every call. */
  readonly constant: boolean | undefined;
}

/** Compiles the conditions of one method, which must all be true. */
export class ConditionCompiler {
  readonly #request: DescMessage;
  readonly #packageName: string;
  readonly #enums: EnumLookup;
  readonly #helpers: Set<HelperName> = new Set();
  readonly #requestShape: ObjectShape = objectShape();
  readonly #callerShape: ObjectShape = objectShape();
  readonly #texts: string[] = [];
  #truth: Truth | undefined;

  constructor(request: DescMessage, packageName: string, enums: EnumLookup) {
    this.#request = request;
    this.#packageName = packageName;
    this.#enums = enums;
  }

  /** Adds a condition. Returns its mistakes. */
  add(text: string): CompiledText {
    const failed = (error: ConditionError): CompiledText => ({ errors: [error], constant: undefined });
    const whole = { start: 0, end: text.length };
    if (/^[\t-\r ]*$/.test(text))
      return failed(new ConditionError(whole, "is empty. Write an expression, or delete it"));
    if (text.length > maxText) {
      return failed(new ConditionError({ start: 0, end: 0 }, `is longer than ${maxText} characters. Check it in code`));
    }
    const compiler = new Compiler({ helpers: this.#helpers }, this.#packageName, this.#enums);
    let truth: Truth;
    try {
      const scope = createScope({ kind: "message", desc: this.#request }, this.#requestShape, this.#callerShape);
      truth = compiler.truth(parseOnce(text), scope);
    } catch (error) {
      return failed(explainSyntax(error, text));
    }
    if (compiler.errors.length > 0) return { errors: compiler.errors, constant: undefined };
    this.#texts.push(text);
    this.#truth = this.#truth === undefined ? truth : conjunction(this.#truth, truth);
    const { yes } = this.#truth;
    return { errors: [], constant: yes.op === "constant" ? yes.value : undefined };
  }

  /** The conditions, joined. Undefined without any. */
  result(): CompiledCondition | undefined {
    const truth = this.#truth;
    if (truth === undefined) return undefined;
    const [holds, admits] = [print(truth.yes), print(truth.mayBeTrue)];
    // A condition that is always false reads nothing.
    const reads = (name: string) => truth.yes.op !== "constant" && truth.reads.has(name);
    return {
      cel: this.#texts.length === 1 ? `${this.#texts[0]}` : this.#texts.map((text) => `(${text})`).join(" && "),
      holds,
      admits: admits === "true" || truth.yes.op === "constant" ? undefined : admits,
      parameters: {
        caller: reads("caller") ? printShape(this.#callerShape) : undefined,
        request: reads("request") ? printShape(this.#requestShape) : undefined,
        now: reads("now") ? "{ readonly seconds: bigint; readonly nanos: number }" : undefined,
      },
      readsPermissions: this.#callerShape.members.has("permissions"),
      helpers: this.#helpers,
    };
  }
}

/** The syntax trees of parsed texts: a service's condition is compiled for every method. */
const parsed = new Map<string, ASTNode>();

function parseOnce(text: string): ASTNode {
  const ast = parsed.get(text) ?? parse(text).ast;
  parsed.set(text, ast);
  return ast;
}

/** Explains an error of the parser. */
function explainSyntax(error: unknown, text: string): ConditionError {
  if (!(error instanceof Error) || error.name !== "ParseError") throw error;
  const range = "range" in error ? (error.range as { start: number; end: number } | undefined) : undefined;
  const span = range ?? { start: 0, end: text.length };
  const [summary = ""] = error.message.split("\n");
  const rest = text.slice(span.start);
  const hint = rest.startsWith("=")
    ? "Write == to compare"
    : /^&/.test(rest)
      ? "Write &&"
      : /^\|/.test(rest)
        ? "Write ||"
        : /Unterminated/.test(summary)
          ? "Close the quote"
          : /EOF/.test(summary)
            ? "The expression ends too early"
            : /^[{]/.test(rest)
              ? "Messages cannot be created in a condition"
              : /^and\b/.test(rest)
                ? "Write &&"
                : /^or\b/.test(rest)
                  ? "Write ||"
                  : /(^|[^\w.])not[ \t]*$/.test(text.slice(0, span.start))
                    ? "Write ! instead of not"
                    : rest.startsWith(")")
                      ? "Delete it, or open it before"
                      : "Write an expression of CEL";
  return new ConditionError(span, `is not CEL: ${summary.charAt(0).toLowerCase()}${summary.slice(1)}. ${hint}`);
}
