import type { DescMessage } from "@bufbuild/protobuf";
import { claimNames, doubles, ints, strings, uints } from "./pools.js";
import { pathsOf, type Readable } from "./readable.js";
import type { Tape } from "./tape.js";

/** A condition, and what the oracle cannot see in the values of a call. */
export interface RandomCondition {
  readonly text: string;
  readonly request: DescMessage;
  /** It compares a claim with a wrapper, or looks for one in a list: if unset or empty, the claim's type counts. */
  readonly comparesClaimWithUnknown: boolean;
}

interface Source {
  readonly text: string;
  readonly type: Readable;
}

type Scalar = "string" | "bool" | "int" | "uint" | "double" | "time";
const scalars: readonly Scalar[] = ["string", "int", "string", "time", "bool", "double", "uint", "int"];

interface Scope {
  readonly request: Source;
  /** The variables of loops, the innermost first. */
  readonly loops: readonly Source[];
}

export function randomCondition(tape: Tape, request: DescMessage): RandomCondition {
  const writer = new Writer(tape);
  const scope: Scope = { request: { text: "request", type: { kind: "message", desc: request } }, loops: [] };
  const text = writer.truth(scope, 4);
  return { text, request, comparesClaimWithUnknown: writer.comparesClaimWithUnknown };
}

class Writer {
  readonly #tape: Tape;
  comparesClaimWithUnknown = false;
  #loops = 0;

  constructor(tape: Tape) {
    this.#tape = tape;
  }

  /** An expression of type bool. */
  truth(scope: Scope, depth: number): string {
    const tape = this.#tape;
    const isSimple = depth <= 0;
    const kind = tape.weighted([
      [1, "fact"],
      [5, "has"],
      [10, "compare"],
      [4, "in"],
      [3, "text"],
      [2, "bool"],
      [1, "claim"],
      ...(isSimple
        ? []
        : ([
            [8, "and"],
            [8, "or"],
            [5, "not"],
            [4, "choice"],
            [2, "same"],
            [8, "loop"],
          ] as const)),
    ] as const);
    const inner = () => this.#part(scope, depth - 1);
    switch (kind) {
      case "fact":
        return tape.weighted([
          [6, "caller.internal"],
          [1, "true"],
          [1, "false"],
          [2, "!caller.internal"],
        ]);
      case "has":
        return this.#has(scope);
      case "compare":
        return this.#comparison(scope, depth);
      case "in":
        return this.#membership(scope, depth);
      case "text":
        return this.#textFunction(scope, depth);
      case "bool":
        return this.#path(scope, "bool") ?? "caller.internal";
      case "claim":
        return this.#claim(scope);
      case "and":
        return this.#space(inner(), "&&", inner());
      case "or":
        return this.#space(inner(), "||", inner());
      case "not":
        return `!${tape.once(6) ? "!" : ""}${inner()}`;
      case "choice":
        return `${inner()} ? ${inner()} : ${inner()}`;
      case "same":
        return `${inner()} ${tape.pick(["==", "!="])} ${inner()}`;
      case "loop":
        return this.#loop(scope, depth);
    }
  }

  /** A truth as an operand. */
  #part(scope: Scope, depth: number): string {
    const text = this.truth(scope, depth);
    return /^!?[\w.]+$/.test(text) ? text : `(${text})`;
  }

  #space(left: string, operator: string, right: string): string {
    const space = this.#tape.weighted([
      [9, " "],
      [1, ""],
      [1, "\n\t"],
      [1, " // why\n"],
    ]);
    return left + (space === "" ? "" : " ") + operator + space + right;
  }

  #has(scope: Scope): string {
    const tape = this.#tape;
    if (tape.below(3) === 2) return `has(${this.#claim(scope, true)})`;
    if (tape.once(8)) return "has(caller.name)";
    const source = this.#source(scope, ["message"]);
    const paths = source.type.kind === "message" ? pathsOf(source.type.desc).filter(({ isNamed }) => isNamed) : [];
    const path = paths.length === 0 ? undefined : tape.early(tape.once(2) ? paths : paths.slice(0, 80));
    return path === undefined ? `has(${this.#claim(scope, true)})` : `has(${source.text}${path.text})`;
  }

  #comparison(scope: Scope, depth: number): string {
    const tape = this.#tape;
    const type = tape.early(scalars);
    const isOrder = type !== "bool" && tape.below(3) === 2;
    const isClaim = type !== "time" && tape.once(3);
    const left = isClaim ? this.#claim(scope) : this.#operand(scope, type, depth);
    const isClaimToo = type !== "time" && tape.once(4) && !(isClaim && isOrder);
    const right = isClaimToo ? this.#claim(scope) : this.#operand(scope, type, depth);
    const operator = isOrder ? tape.pick(["<", "<=", ">", ">="]) : tape.pick(["==", "!="]);
    if (isClaim !== isClaimToo && `${left}${right}`.includes(".w_")) this.comparesClaimWithUnknown = true;
    return tape.once(2) ? this.#space(left, operator, right) : this.#space(right, operator, left);
  }

  #membership(scope: Scope, depth: number): string {
    const tape = this.#tape;
    const kind = tape.weighted([
      [3, "facts"],
      [3, "literals"],
      [3, "claim"],
      [3, "list"],
      [2, "map"],
    ] as const);
    const isClaimItem = kind !== "claim" && tape.once(4);
    const item = (type: Scalar) => {
      if (isClaimItem) return this.#claim(scope);
      return (tape.once(5) ? this.#wrapper(scope, type) : undefined) ?? this.#operand(scope, type, depth);
    };
    switch (kind) {
      case "facts": {
        if (isClaimItem) this.comparesClaimWithUnknown = true;
        return `${item("string")} in caller.${tape.pick(["roles", "scopes", "permissions"])}`;
      }
      case "literals": {
        const type = tape.early(scalars.filter((one) => one !== "time"));
        const items = [this.#literal(type), ...tape.many(2, () => this.#operand(scope, type, depth))];
        const [left, all] = [item(type), items.join(tape.pick([", ", ","]))];
        if (`${left}${all}`.includes(".w_")) this.comparesClaimWithUnknown = true;
        return `${left} in [${all}]`;
      }
      case "claim":
        return `${item(tape.pick(["string", "string", "int", "uint"]))} in ${this.#claim(scope)}`;
      case "list":
      case "map": {
        const container = this.#container(scope, kind);
        if (container === undefined) return "caller.internal";
        const type =
          container.type.kind === "list" ? container.type.of : container.type.kind === "map" && container.type.key;
        if (!type || !(scalars as readonly string[]).includes(type.kind) || type.kind === "time")
          return "caller.internal";
        if (isClaimItem) this.comparesClaimWithUnknown = true;
        return `${item(type.kind as Scalar)} in ${container.text}`;
      }
    }
  }

  #textFunction(scope: Scope, depth: number): string {
    const tape = this.#tape;
    const [text, part] = [this.#operand(scope, "string", depth), this.#literal("string")];
    const name = tape.pick(["startsWith", "endsWith", "contains"]);
    const subject = tape.once(3) ? this.#claim(scope) : text;
    const argument = tape.weighted([
      [5, part],
      [3, this.#claim(scope)],
      [1, name === "contains" ? "caller.subject" : this.#operand(scope, "string", depth)],
    ]);
    // A receiver that is a literal is always the same.
    const isFixed = /^["'rR(]/.test(subject) && !subject.startsWith("request");
    return `${isFixed ? this.#claim(scope) : subject}.${name}(${argument})`;
  }

  #loop(scope: Scope, depth: number): string {
    const tape = this.#tape;
    const range = tape.weighted([
      [5, "list"],
      [2, "map"],
      [2, "facts"],
      [4, "claim"],
    ] as const);
    const found = this.#range(scope, range);
    const name = `${tape.pick(["x", "item", "it", "class", "e1", "_y"])}${this.#loops === 0 ? "" : this.#loops}`;
    this.#loops += 1;
    const inner: Scope = { ...scope, loops: [{ text: name, type: found.of }, ...scope.loops] };
    return `${found.text}.${tape.pick(["exists", "all"])}(${name}, ${this.truth(inner, depth - 2)})`;
  }

  #range(scope: Scope, kind: "list" | "map" | "facts" | "claim"): { readonly text: string; readonly of: Readable } {
    const tape = this.#tape;
    if (kind === "claim") return { text: this.#claim(scope), of: { kind: "claim" } };
    const container =
      kind === "facts" ? undefined : this.#container(scope, kind, kind === "map" ? "string" : undefined);
    if (container?.type.kind === "list") return { text: container.text, of: container.type.of };
    if (container?.type.kind === "map") return { text: container.text, of: container.type.key };
    return { text: `caller.${tape.pick(["roles", "scopes", "permissions"])}`, of: { kind: "string" } };
  }

  /** A list or a map of the request, or of the variable of the innermost loop. */
  #container(scope: Scope, kind: "list" | "map", key?: string): Source | undefined {
    const source = this.#source(scope, ["message"]);
    if (source.type.kind !== "message") return undefined;
    const paths = pathsOf(source.type.desc).filter(
      ({ type }) => type.kind === kind && (key === undefined || (type.kind === "map" && type.key.kind === key)),
    );
    if (paths.length === 0) return undefined;
    const path = this.#tape.early(paths.slice(0, 40));
    return { text: source.text + path.text, type: path.type };
  }

  /** The request, or mostly the innermost variable of a loop if it has one of the kinds. */
  #source(scope: Scope, kinds: readonly string[]): Source {
    const [innermost] = scope.loops;
    if (innermost !== undefined && kinds.includes(innermost.type.kind) && this.#tape.below(6) > 0) return innermost;
    return scope.request;
  }

  #operand(scope: Scope, type: Scalar, depth: number): string {
    const tape = this.#tape;
    const kind = tape.weighted([
      [10, "path"],
      [4, "literal"],
      [3, "special"],
      [depth > 1 ? 1 : 0, "choice"],
    ] as const);
    if (kind === "path") return this.#path(scope, type) ?? this.#literal(type);
    if (kind === "choice" && type !== "bool") {
      const [one, other] = [this.#operand(scope, type, depth - 2), this.#operand(scope, type, 0)];
      return `(${this.#part(scope, 0)} ? ${one} : ${other})`;
    }
    if (kind === "special") return this.#special(scope, type);
    return this.#literal(type);
  }

  #special(scope: Scope, type: Scalar): string {
    const tape = this.#tape;
    if (type === "string") return `caller.${tape.pick(["subject", "name", "type"])}`;
    if (type === "bool") return tape.once(2) ? "caller.internal" : this.#part(scope, 0);
    if (type === "time") return "now";
    if (type !== "int") return this.#literal(type);
    if (tape.once(3)) return tape.pick(enumNames);
    const sized = tape.pick(["string", "list", "map", "bytes"]);
    const found =
      sized === "list" || sized === "map"
        ? this.#container(scope, sized)?.text
        : (this.#path(scope, sized as "string" | "bytes") ?? undefined);
    const text = found ?? `caller.${tape.pick(["roles", "scopes", "subject"])}`;
    return tape.once(3) ? `${text}.size()` : `size(${text})`;
  }

  /** A part of the request, or the variable of a loop. */
  #path(scope: Scope, kind: Scalar | "bytes"): string | undefined {
    const tape = this.#tape;
    const [innermost] = scope.loops;
    if (innermost?.type.kind === kind && tape.below(5) > 0) return innermost.text;
    const source = this.#source(scope, ["message"]);
    if (source.type.kind !== "message") return undefined;
    const paths = pathsOf(source.type.desc).filter(({ type }) => type.kind === kind);
    if (paths.length === 0) return undefined;
    return source.text + tape.early(tape.once(3) ? paths : paths.slice(0, 30)).text;
  }

  /** A field of the request with a wrapper type. */
  #wrapper(scope: Scope, kind: Scalar): string | undefined {
    const { type } = scope.request;
    const paths = type.kind === "message" ? pathsOf(type.desc) : [];
    const wrappers = paths.filter((path) => path.type.kind === kind && "isWrapper" in path.type);
    return wrappers.length === 0 ? undefined : `request${this.#tape.early(wrappers.slice(0, 3)).text}`;
  }

  /** A claim, or a part of one. */
  #claim(scope: Scope, isNamed = false): string {
    const tape = this.#tape;
    const variable = scope.loops.find(({ type }) => type.kind === "claim");
    const isVariable = variable !== undefined && tape.below(5) > 0;
    let text = isVariable ? variable.text : "caller.claims";
    const steps =
      (isVariable ? 0 : 1) +
      tape.weighted([
        [6, 0],
        [2, 1],
        [1, 2],
      ]);
    for (let step = 0; step < Math.max(steps, isNamed ? 1 : 0); step += 1) {
      const name = tape.early(claimNames);
      const isLast = step + 1 >= steps;
      if (/^\w+$/.test(name) && ((isNamed && isLast) || tape.below(4) > 0)) text += `.${name}`;
      else if (isNamed && isLast) text += ".a";
      else text += `["${name}"]`;
    }
    return text;
  }

  #literal(type: Scalar): string {
    const tape = this.#tape;
    switch (type) {
      case "string":
        return this.#quoted(tape.once(3) ? tape.pick(strings) : tape.early(strings));
      case "bool":
        return tape.pick(["true", "false"]);
      case "time":
        return "now";
      case "int": {
        const value = tape.once(3) ? tape.pick(ints) : tape.early(ints);
        const isHex = value >= 0n && tape.once(8);
        return isHex ? `0x${value.toString(16)}` : String(value);
      }
      case "uint":
        return `${tape.once(3) ? tape.pick(uints) : tape.early(uints)}${tape.once(8) ? "U" : "u"}`;
      case "double": {
        const finite = doubles.filter(Number.isFinite);
        const value = tape.once(3) ? tape.pick(finite) : tape.early(finite);
        const text = Object.is(value, -0) ? "-0" : String(value);
        return /[.e]/.test(text) ? text : `${text}.0`;
      }
    }
  }

  /** A string in one of the forms of CEL. */
  #quoted(text: string): string {
    const escaped = JSON.stringify(text).slice(1, -1);
    const single = escaped.replaceAll('\\"', '"').replaceAll("'", "\\'");
    const points = Array.from(text, (point) => point.codePointAt(0) as number);
    const long = points.map((point) => `\\U${point.toString(16).padStart(8, "0")}`).join("");
    const hex = points.map((point) =>
      point < 128 ? `\\x${point.toString(16).padStart(2, "0")}` : String.fromCodePoint(point),
    );
    const isRaw = !/["'\\\n\0]/.test(text);
    return this.#tape.weighted([
      [10, `"${escaped}"`],
      [3, `'${single}'`],
      [1, `"${long}"`],
      [1, `"${hex.join("")}"`],
      [1, `"""${escaped}"""`],
      [1, isRaw ? `r"${text}"` : `"${escaped}"`],
      [1, isRaw ? `R'''${text}'''` : `'${single}'`],
    ]);
  }
}

const enumNames: readonly string[] = [
  "Kind.KIND_ADMIN",
  "Kind.KIND_UNSPECIFIED",
  "random.v1.Kind.KIND_FAR",
  "v1.Kind.KIND_USER",
  "Leaf.Level.LEVEL_HIGH",
  "Closed.CLOSED_TWO",
  "Closed.CLOSED_MINUS",
  "Tone.TONE_LOUD",
  "Shut.SHUT_ONE",
];
