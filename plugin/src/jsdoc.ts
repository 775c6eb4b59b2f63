import type { Comments } from "./source-info.js";

/** Prints a documentation comment, one line each, at an indentation. */
export function jsDoc(paragraphs: readonly string[], indentation: string): string {
  const lines = paragraphs
    .filter((paragraph) => paragraph !== "")
    .join("\n\n")
    .split("\n");
  const body = lines.map((line) => `${indentation} *${line === "" ? "" : ` ${line.replaceAll("*/", "*\\/")}`}\n`);
  const [only] = lines;
  return lines.length === 1 && only?.startsWith("@") === false
    ? `${indentation}/** ${only.replaceAll("*/", "*\\/")} */\n`
    : `${indentation}/**\n${body.join("")}${indentation} */\n`;
}

/** The proto's own comment on an element, as protobuf-es plugins carry it over. */
export function commentText(comments: Comments | undefined): string {
  return [comments?.leading, comments?.trailing]
    .filter((text) => text !== undefined && text !== "")
    .map((text) => text?.replace(/\n$/, "").replace(/^ /gm, ""))
    .join("\n\n");
}
