/** How wide the columns are, and whether colours are welcome. */
export interface TableOptions {
  readonly colours: boolean;
  /** Of the terminal, in characters; the last column is wrapped to fit. By default, nothing is wrapped. */
  readonly width?: number | undefined;
}

type Style = "bold" | "dim" | "green" | "red";

/** A text, with its style where it has one. */
export type Cell = string | readonly [text: string, style: Style];

const codes: Readonly<Record<Style, string>> = { bold: "1", dim: "2", green: "32", red: "31" };

/** Lays out rows of text in columns. The last column has no fixed width. */
export class Table {
  readonly #widths: readonly number[];
  readonly #options: TableOptions;

  /** @param widths - of all columns but the last. */
  constructor(widths: readonly number[], options: TableOptions) {
    this.#widths = widths;
    this.#options = options;
  }

  /** @param mark - before the first column, two characters wide with its space. */
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
