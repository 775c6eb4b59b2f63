import type { DescFile } from "@bufbuild/protobuf";
import type { SourceCodeInfo_Location } from "@bufbuild/protobuf/wkt";

/** The numbers and indexes that lead to an element of a file, as SourceCodeInfo counts them. */
export type Path = readonly number[];

export function locationsOf(file: DescFile): readonly SourceCodeInfo_Location[] {
  return file.proto.sourceCodeInfo?.location ?? [];
}

/** Whether an element is part of another one. */
export function isInside(path: Path, parent: Path): boolean {
  return path.length > parent.length && parent.every((number, index) => number === path[index]);
}

/** Reads a file's comments, by path. `getComments` of protoplugin searches the whole file for every element. */
export function readComments(file: DescFile): (path: Path) => string {
  const found = new Map<string, string>();
  for (const { path, leadingComments, trailingComments, leadingDetachedComments } of locationsOf(file)) {
    const comments = [leadingComments, trailingComments].filter((text) => text !== "");
    const key = path.join();
    if ((comments.length === 0 && leadingDetachedComments.length === 0) || found.has(key)) continue;
    const lines = comments.map((text) => text.replace(/\r\n|[\r\u2028\u2029]/g, "\n").replace(/\n$/, ""));
    found.set(key, lines.join("\n\n").replace(/^ /gm, ""));
  }
  return (path) => found.get(path.join()) ?? "";
}

/** A place in a file, counted from 1 as editors do, or 0 where the compiler sent none. */
export type Position = { readonly line: number; readonly column: number };

/**
 * Finds the position of an element.
 *
 * Compilers do not locate every field of an option: a path without position takes the first one inside it (buf locates
 * the entries of a message, not the message), or that of its closest parent (protoc locates options as a whole).
 */
export function positionOf(file: DescFile, path: Path): Position {
  let best = { rank: 0, line: 0, column: 0 };
  for (const { path: other, span } of locationsOf(file)) {
    const [line, column] = span;
    const differs = path.findIndex((number, index) => number !== other[index]);
    const common = differs < 0 ? path.length : differs;
    // Paths with more than four parts lead into the option of a service or a method.
    const rank = other.length === common ? 2 * common : common > 4 ? 2 * common - 1 : 0;
    if (line === undefined || column === undefined || rank <= best.rank) continue;
    best = { rank, line: line + 1, column: column + 1 };
  }
  return best;
}
