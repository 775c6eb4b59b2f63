import type { DescFile } from "@bufbuild/protobuf";
import type { SourceCodeInfo_Location } from "@bufbuild/protobuf/wkt";

/** The path of an element in SourceCodeInfo: field numbers and indexes, from the file down to the element. */
export type Path = readonly number[];

/** Returns the source locations of a file. Returns an empty list without source info. */
export function locationsOf(file: DescFile): readonly SourceCodeInfo_Location[] {
  return file.proto.sourceCodeInfo?.location ?? [];
}

/** Returns true if `path` leads to an element inside `parent`. An element is not inside itself. */
export function isInside(path: Path, parent: Path): boolean {
  return path.length > parent.length && parent.every((number, index) => number === path[index]);
}

const commentsOfFiles = new WeakMap<DescFile, ReadonlyMap<string, string>>();

/**
 * Reads the comments of a file once, and returns a function that looks them up by path.
 *
 * The function returns an empty string for an element without comment. Comments lack the lines with `buf:lint:ignore`.
 * protoplugin's `getComments` searches the whole file for every element.
 *
 * @example
 * const commentsAt = readComments(file);
 * commentsAt([6, 0]); // "Orders of a small shop.": the comment of the first service
 * commentsAt([6, 0, 2, 1]); // the comment of its second method
 */
export function readComments(file: DescFile): (path: Path) => string {
  const comments = commentsOfFiles.get(file) ?? collectComments(file);
  commentsOfFiles.set(file, comments);
  return (path) => comments.get(path.join()) ?? "";
}

function collectComments(file: DescFile): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const { path, leadingComments, trailingComments, leadingDetachedComments } of locationsOf(file)) {
    const comments = [leadingComments, trailingComments].filter((text) => text !== "");
    const key = path.join();
    if ((comments.length === 0 && leadingDetachedComments.length === 0) || found.has(key)) continue;
    const lines = comments.map((text) => text.replace(/\r\n|[\r\u2028\u2029]/g, "\n").replace(/\n$/, ""));
    const text = lines.join("\n\n").replace(/^ /gm, "");
    // Instructions to buf are no comments for readers.
    found.set(key, text.replace(/^buf:lint:ignore .*\n?/gm, "").replace(/\n+$/, ""));
  }
  return found;
}

/** A position in a file, counted from 1. Both numbers are 0 if the compiler sent no position. */
export type Position = { readonly line: number; readonly column: number };

/**
 * Returns the position of an element, or the closest known position.
 *
 * Compilers do not locate every field of an option. buf locates the entries of a message but not the message, so its
 * first entry counts. protoc locates only the whole option, so the closest parent counts.
 *
 * @example
 * positionOf(file, [6, 0]); // { line: 7, column: 1 }: the first service
 * positionOf(file, [6, 0, 3, 50101, 1]); // `default_policy` with buf, the option's statement with protoc
 */
export function positionOf(file: DescFile, path: Path): Position {
  const { line, column } = closestTo(file, path);
  return { line, column };
}

/** Returns the path of the closest known position: `path`, an entry of it, or a parent. */
export function knownPathOf(file: DescFile, path: Path): Path {
  return closestTo(file, path).path;
}

function closestTo(file: DescFile, path: Path): Position & { readonly path: Path } {
  let best: Position & { readonly rank: number; readonly path: Path } = { rank: 0, line: 0, column: 0, path: [] };
  for (const { path: other, span } of locationsOf(file)) {
    const [line, column] = span;
    const differs = path.findIndex((number, index) => number !== other[index]);
    const common = differs < 0 ? path.length : differs;
    // A path with more than four parts leads into the option of a service or a method.
    const rank = other.length === common ? 2 * common : common > 4 ? 2 * common - 1 : 0;
    if (line === undefined || column === undefined || rank <= best.rank) continue;
    best = { rank, line: line + 1, column: column + 1, path: other };
  }
  return best;
}
