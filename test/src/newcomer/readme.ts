import { readFileSync } from "node:fs";

/** A fenced block of the README: its language, and the file it stands for where the fence names one. */
export interface Snippet {
  readonly language: string;
  readonly file: string | undefined;
  readonly text: string;
}

/** The snippets of a Markdown file, in order. A fence such as ```` ```yaml buf.yaml ```` names a file. */
export function snippetsOf(path: URL): Snippet[] {
  const markdown = readFileSync(path, "utf8");
  return [...markdown.matchAll(/^```(\w+)(?: (\S+))?\n(.*?)^```$/gms)].map(([, language = "", file, text = ""]) => ({
    language,
    file,
    text,
  }));
}
