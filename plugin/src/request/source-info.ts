import type { DescFile } from "@bufbuild/protobuf";
import type { SourceCodeInfo_Location } from "@bufbuild/protobuf/wkt";

/** The numbers and indexes that lead to an element of a file, as SourceCodeInfo counts them. */
export type Path = readonly number[];

/** A place in a file, counted from 1 as editors do. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

export function locationsOf(file: DescFile): readonly SourceCodeInfo_Location[] {
  return file.proto.sourceCodeInfo?.location ?? [];
}

/**
 * Reads the comments of a file, as text by path.
 *
 * `getComments` of protoplugin searches all locations of a file for each element, which takes time by the square of a
 * file's size.
 */
export function readComments(file: DescFile): (path: Path) => string {
  const found = new Map<string, SourceCodeInfo_Location>();
  for (const location of locationsOf(file)) {
    const { leadingComments, trailingComments, leadingDetachedComments } = location;
    if (leadingComments !== "" || trailingComments !== "" || leadingDetachedComments.length > 0) {
      addFirst(found, location.path.join(), location);
    }
  }
  return (path) => {
    const location = found.get(path.join());
    return [location?.leadingComments, location?.trailingComments]
      .filter((text) => text !== undefined && text !== "")
      .map((text) => normalizeLineBreaks(text ?? "").replace(/\n$/, "").replace(/^ /gm, ""))
      .join("\n\n");
  };
}

function normalizeLineBreaks(comment: string): string {
  return comment.replace(/\r\n|[\r\u2028\u2029]/g, "\n");
}

/**
 * Reads the positions of a file.
 *
 * Compilers do not locate every field of an option: what has no position takes the first one inside it (buf locates the
 * entries of a message, not the message), or that of its closest parent (protoc locates options as a whole).
 */
export function readPositions(file: DescFile): (path: Path) => Position | undefined {
  const exact = new Map<string, Position>();
  const inside = new Map<string, Position>();
  for (const { path, span } of locationsOf(file)) {
    const [line, column] = span;
    if (line === undefined || column === undefined) continue;
    const position = { line: line + 1, column: column + 1 };
    addFirst(exact, path.join(), position);
    for (let length = path.length - 1; length > elementDepth; length--) {
      addFirst(inside, path.slice(0, length).join(), position);
    }
  }
  return (path) => {
    for (let length = path.length; length > 0; length--) {
      const key = path.slice(0, length).join();
      const position = exact.get(key) ?? inside.get(key);
      if (position !== undefined) return position;
    }
    return undefined;
  };
}

/** Paths longer than this lead into the option of a service or a method. */
const elementDepth = 4;

function addFirst<T>(map: Map<string, T>, key: string, value: T): void {
  if (!map.has(key)) map.set(key, value);
}
