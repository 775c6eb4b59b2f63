import { readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../published/run.js";

/** A fenced block of a document: its language, and the name that follows it on the fence. */
export interface Block {
  readonly language: string;
  /** The file that the block is, or what a test calls it. Empty where the fence has none. */
  readonly name: string;
  readonly text: string;
}

/** The blocks of a Markdown file, in order. A fence such as ```` ```yaml buf.yaml ```` names its block. */
export function blocksOf(document: string): Block[] {
  const markdown = readFileSync(join(root, document), "utf8");
  return [...markdown.matchAll(/^```(\S*)[ \t]*(.*)\n([\s\S]*?)^```$/gm)].map(
    ([, language = "", name = "", text = ""]) => ({
      language,
      name: name.trim(),
      text,
    }),
  );
}
