/** The layout of a table. */
export interface TableOptions {
  readonly colours: boolean;
  /** Width of the terminal, in characters. The last column wraps to fit. Default: no wrapping. */
  readonly width?: number | undefined;
}

type Style = "bold" | "dim" | "green" | "red";

/** A text with an optional style. */
export type Cell = string | readonly [text: string, style: Style];

const codes: Readonly<Record<Style, string>> = { bold: "1", dim: "2", green: "32", red: "31" };

/** Formats rows of text in columns. The last column has no fixed width. */
export class Table {
  readonly #widths: readonly number[];
  readonly #options: TableOptions;

  /** @param widths - of all columns but the last. */
  constructor(widths: readonly number[], options: TableOptions) {
    this.#widths = widths;
    this.#options = options;
  }

  /** @param mark - one character before the first column. */
  row(mark: string, cells: readonly Cell[]): string {
    const [last, ...fixed] = cells.map((cell) => (typeof cell === "string" ? ([cell] as const) : cell)).reverse();
    const columns = fixed.reverse().map(([text, style], i) => this.paint(text.padEnd(this.#widths[i] ?? 0), style));
    const indent = this.#widths.reduce((sum, width) => sum + width + 2, 2);
    const [first = "", ...rest] = wrap(last?.[0] ?? "", (this.#options.width ?? Infinity) - indent);
    return [
      `${mark} ${[...columns, this.paint(first, last?.[1])].join("  ")}`.trimEnd(),
      ...rest.map((line) => " ".repeat(indent) + this.paint(line, last?.[1])),
    ].join("\n");
  }

  paint(text: string, style?: Style): string {
    return this.#options.colours && style !== undefined && text !== "" ? `\x1b[${codes[style]}m${text}\x1b[0m` : text;
  }
}

const narrowest = 20;

function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const line = lines.at(-1);
    if (line !== undefined && line.length + 1 + word.length <= Math.max(width, narrowest))
      lines.push(`${lines.pop()} ${word}`);
    else lines.push(word);
  }
  return lines;
}
