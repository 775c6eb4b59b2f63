import { BinaryReader, WireType } from "@bufbuild/protobuf/wire";
import { pathOf } from "./request.js";

/** The comments of one element of a file, with line breaks normalized to LF. */
export interface Comments {
  readonly leadingDetached: readonly string[];
  readonly leading: string | undefined;
  readonly trailing: string | undefined;
}

/** A place in a file, counted from 1 as editors do. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** Finds comments and positions by the path of an element, the numbers and indexes that lead to it. */
export interface SourceIndex<T> {
  get(path: readonly number[]): T | undefined;
}

/**
 * Reads the comments that end up in generated code: those of services, of methods, and of a file's syntax and package.
 *
 * Locations are most of a request. Those of messages and options are skipped after a look at their path.
 */
export function readComments(sourceInfo: Uint8Array | undefined): SourceIndex<Comments> {
  const found = new Map<string, Comments>();
  forEachLocation(sourceInfo, (location, path) => {
    if (!isDocumented(path)) return;
    const comments = location.comments();
    if (comments !== undefined) addFirst(found, path.join(), comments);
  });
  return { get: (path) => found.get(path.join()) };
}

function isDocumented(path: readonly number[]): boolean {
  switch (path.length) {
    case 1:
      return path[0] === pathOf.syntax || path[0] === pathOf.package;
    case 2:
      return path[0] === pathOf.services;
    case 4:
      return path[0] === pathOf.services && path[2] === pathOf.methods;
    default:
      return false;
  }
}

/**
 * Reads the positions of services, methods, options and extensions.
 *
 * Compilers do not locate every field of an option: what has no position takes the first one inside it (buf locates the
 * entries of a message, not the message), or that of its closest parent (protoc locates options as a whole).
 */
export function readPositions(sourceInfo: Uint8Array | undefined): SourceIndex<Position> {
  const exact = new Map<string, Position>();
  const inside = new Map<string, Position>();
  forEachLocation(sourceInfo, (location, path) => {
    if (!isLocated(path)) return;
    const position = location.position();
    if (position === undefined) return;
    addFirst(exact, path.join(), position);
    for (let length = path.length - 1; length > fieldsDepth; length--) {
      addFirst(inside, path.slice(0, length).join(), position);
    }
  });
  return {
    get(path) {
      for (let length = path.length; length > 0; length--) {
        const key = path.slice(0, length).join();
        const position = exact.get(key) ?? inside.get(key);
        if (position !== undefined) return position;
      }
      return undefined;
    },
  };
}

/** Paths longer than this lead into the option of a service or a method. */
const fieldsDepth = 4;

function isLocated(path: readonly number[]): boolean {
  return path[0] === pathOf.services || path[0] === pathOf.extensions || path.at(-2) === pathOf.nestedExtensions;
}

function addFirst<T>(map: Map<string, T>, key: string, value: T): void {
  if (!map.has(key)) map.set(key, value);
}

/** A location whose parts are decoded when asked for. */
interface Location {
  comments(): Comments | undefined;
  position(): Position | undefined;
}

function forEachLocation(
  sourceInfo: Uint8Array | undefined,
  visit: (location: Location, path: readonly number[]) => void,
): void {
  if (sourceInfo === undefined) return;
  const reader = new BinaryReader(sourceInfo);
  let start = 0;
  let end = 0;
  const location: Location = {
    comments: () => readLocationComments(sourceInfo.subarray(start, end)),
    position: () => readLocationPosition(sourceInfo.subarray(start, end)),
  };
  while (reader.pos < reader.len) {
    const [field, wireType] = reader.tag();
    if (field !== 1 || wireType !== WireType.LengthDelimited) {
      reader.skip(wireType, field);
      continue;
    }
    const length = reader.uint32();
    start = reader.pos;
    end = start + length;
    const path: number[] = [];
    while (reader.pos < end) {
      const [part, partType] = reader.tag();
      if (part === 1) readInts(reader, partType, path);
      else reader.skip(partType, part);
    }
    visit(location, path);
  }
}

function readLocationComments(bytes: Uint8Array): Comments | undefined {
  let leading: string | undefined;
  let trailing: string | undefined;
  const leadingDetached: string[] = [];
  const reader = new BinaryReader(bytes);
  while (reader.pos < reader.len) {
    const [field, wireType] = reader.tag();
    if (field === 3) leading = normalizeLineBreaks(reader.string());
    else if (field === 4) trailing = normalizeLineBreaks(reader.string());
    else if (field === 6) leadingDetached.push(normalizeLineBreaks(reader.string()));
    else reader.skip(wireType, field);
  }
  if (leading === undefined && trailing === undefined && leadingDetached.length === 0) return undefined;
  return { leading, trailing, leadingDetached };
}

function readLocationPosition(bytes: Uint8Array): Position | undefined {
  const span: number[] = [];
  const reader = new BinaryReader(bytes);
  while (reader.pos < reader.len) {
    const [field, wireType] = reader.tag();
    if (field === 2) readInts(reader, wireType, span);
    else reader.skip(wireType, field);
  }
  const [line, column] = span;
  return line === undefined || column === undefined ? undefined : { line: line + 1, column: column + 1 };
}

function readInts(reader: BinaryReader, wireType: WireType, into: number[]): void {
  if (wireType !== WireType.LengthDelimited) {
    into.push(reader.int32());
    return;
  }
  const length = reader.uint32();
  const end = reader.pos + length;
  while (reader.pos < end) into.push(reader.int32());
}

function normalizeLineBreaks(comment: string): string {
  return comment.replace(/\r\n|[\r\u2028\u2029]/g, "\n");
}
