import type { CredentialSource } from "../call/credential-source.js";
import { refuseRepeated } from "../call/raw-headers.js";
import { type Actor, actorOfClaim } from "../context/actor.js";
import type { AuthContextInit } from "../context/auth-context.js";
import { InvalidCredentialError } from "../errors/invalid-credential-error.js";
import { anything, required, word } from "../options/check.js";
import { type OptionTable, ownMembers, readOptions } from "../options/read-options.js";
import { headerName } from "./header-name.js";
import { compileHeaderText, type HeaderEncoding, headerEncodings } from "./header-text.js";
import { trimSpaces } from "./trim-spaces.js";

/**
 * Headers with plain values, as gateways write them. A repeated header is refused.
 *
 * Transports join repeated headers by `", "`. With `contextValues: recordPeer` the server knows how many there were. Without it,
 * a name or list with `", "` is refused. JSON lists, and lists with plain commas, always work.
 *
 * @example
 * gateway({
 *   headerMapping: { subject: "x-user-id", name: "x-user-name", roles: "x-user-roles", encoding: "utf-8" },
 *   trustSource: { header: "x-gateway-secret", secrets: process.env["GATEWAY_SECRET"] },
 * });
 */
export interface HeaderMapping {
  /** Header of the subject. A call without it is anonymous. */
  readonly subject: string;
  readonly name?: string;
  /** A JSON list of strings, or names separated by commas. */
  readonly roles?: ListHeader;
  /** A JSON list of strings, or names separated by spaces. */
  readonly scopes?: ListHeader;
  /** A JSON list of strings, or names separated by spaces. */
  readonly permissions?: ListHeader;
  /** A JSON object. */
  readonly claims?: string;
  /** How the caller authenticated, for methods with `acr`. */
  readonly acr?: string;
  /** When the caller authenticated, in seconds since the epoch, for methods with `max_age_seconds`. */
  readonly authTime?: string;
  /** The party that acts for the subject: a JSON object like the claim `act` (RFC 8693 section 4.1). */
  readonly actor?: string;
  /** Text encoding of the headers. By default, `ascii`: other characters are refused. */
  readonly encoding?: HeaderEncoding;
}

/**
 * A header with a list, or with the separator that the gateway writes. With `separator`, names count as they are: a name that looks
 * like JSON is no list, and spaces around it belong to it. A value that is JSON is refused.
 *
 * @example
 * { header: "x-authentik-groups", separator: "|" }
 */
export type ListHeader = string | { readonly header: string; readonly separator: Separator };

const separators = [",", "|", ";", " "] as const;
export type Separator = (typeof separators)[number];

export interface CompiledHeaderMapping {
  /** Every header of the mapping, in lower case. */
  readonly headers: readonly string[];
  readonly subject: string;
  /**
   * Reads the headers without checking the identity.
   *
   * @throws InvalidCredentialError for a malformed or repeated header.
   */
  read(source: CredentialSource): AuthContextInit | undefined;
}

/** Longest value of one header, in characters. */
const maxLength = 8 * 1024;

const mappingOptions = (): OptionTable<HeaderMapping, "encoding"> => ({
  subject: required(anything),
  name: anything,
  roles: anything,
  scopes: anything,
  permissions: anything,
  claims: anything,
  acr: anything,
  authTime: anything,
  actor: anything,
  encoding: { ...word(...headerEncodings), fallback: "ascii" as const },
});

/** @throws TypeError naming the field that is malformed. */
export function compileHeaderMapping(mapping: HeaderMapping): CompiledHeaderMapping {
  const own = readOptions("headerMapping", mapping, mappingOptions, "headerMapping.");
  const { encoding, ...rest } = own;
  // A polluted prototype names no headers.
  const given = ownMembers(rest);
  const lists = {
    roles: readList(given.roles, "roles", /,/),
    scopes: readList(given.scopes, "scopes", / +/),
    permissions: readList(given.permissions, "permissions", / +/),
  };
  // Encoded names are names: JSON beside the encoding would let a name end its string.
  const mayBeJson = encoding !== "percent";
  const headers: Record<string, unknown> = ownMembers(given);
  for (const [field, { header }] of Object.entries(lists)) if (field in given) headers[field] = header;
  const decode = compileHeaderText(encoding);
  const hint = encoding === "ascii" ? '; headerMapping.encoding: "utf-8" allows more' : "";
  const expected = `expected at most ${maxLength} characters of ${encoding}${hint}`;
  const names = new Map(
    Object.entries(headers).map(([field, name]) => [field, headerName(name, `headerMapping.${field}`)]),
  );
  const subject = names.get("subject");
  if (subject === undefined) throw new TypeError("headerMapping.subject: expected the name of a header");
  if (new Set(names.values()).size < names.size) {
    throw new TypeError("headerMapping: two fields are read from one header");
  }
  return {
    headers: [...names.values()],
    subject,
    read({ header, values }) {
      const read = <T>(field: string, parse: Parse<T>): T | undefined => {
        const name = names.get(field);
        const value = name === undefined ? null : header.get(name);
        if (name === undefined || value === null) return undefined;
        const isSingle = refuseRepeated(values, name);
        if (value.length > maxLength || decode(value) === undefined)
          throw new InvalidCredentialError(`${name}: malformed: ${expected}`, { reason: "malformed" });
        const mayBeJoined = !isSingle && joined.test(value);
        const parsed = parse(value, mayBeJoined);
        if (parsed === undefined)
          throw new InvalidCredentialError(`${name}: malformed${mayBeJoined ? joinHint : ""}`, { reason: "malformed" });
        return parsed;
      };
      const text: Parse<string> = (value, mayBeJoined) => (mayBeJoined ? undefined : decode(value));
      const json = <T>(parse: (text: string) => T | undefined): Parse<T> => {
        return (value) => parse(decode(value) as string);
      };
      const list = ({ separator, isExact }: CompiledList): Parse<readonly string[]> => {
        return (value, mayBeJoined) => {
          if (value === "") return [];
          const text = decode(value) as string;
          if (mayBeJson && !isExact && startOfJson.test(value)) return parseJson(text);
          if (mayBeJoined || isJson(text)) return undefined;
          // Separate before decoding: an encoded separator belongs to a name.
          return value.split(separator).map((name) => decode(isExact ? name : trimSpaces(name)) as string);
        };
      };
      const found = read("subject", (value, mayBeJoined) => text(value, mayBeJoined) || undefined);
      return found === undefined
        ? undefined
        : {
            subject: found,
            name: read("name", text),
            roles: read("roles", list(lists.roles)),
            scopes: read("scopes", list(lists.scopes)),
            permissions: read("permissions", list(lists.permissions)),
            claims: read("claims", json(parseJson<Record<string, unknown>>)),
            acr: read("acr", text),
            authTime: read("authTime", parseSeconds),
            actor: read("actor", json(parseActor)),
          };
    },
  };
}

interface CompiledList {
  readonly header: unknown;
  readonly separator: RegExp;
  /** Whether the gateway's separator is known. Otherwise a JSON list, and spaces around names, count as well. */
  readonly isExact: boolean;
}

/** @throws TypeError naming the field that is malformed. */
function readList(given: ListHeader | undefined, field: string, separator: RegExp): CompiledList {
  if (typeof given !== "object") return { header: given, separator, isExact: false };
  const own = readOptions(`headerMapping.${field}`, given, listOptions, `headerMapping.${field}.`);
  const isSpace = own.separator === " ";
  return { header: own.header, separator: isSpace ? / +/ : new RegExp(`[${own.separator}]`), isExact: true };
}

const listOptions = (): OptionTable<Exclude<ListHeader, string>> => ({
  header: required(anything),
  separator: required(word(...separators)),
});

/**
 * Parses the value of a header, which is within the encoding. Returns undefined for a malformed one.
 *
 * @param mayBeJoined - true if the value looks like two joined headers.
 */
type Parse<T> = (value: string, mayBeJoined: boolean) => T | undefined;

/** Transports join repeated headers by `", "`. Some cut the space before an empty one. */
const joined = /, |,$/;

const joinHint = ', or sent twice; contextValues: recordPeer tells two headers from one with ", " in it';

/** A JSON list cannot be a joined header: a joined one is not JSON. */
const startOfJson = /^ *["{[]/;

function isJson(text: string): boolean {
  try {
    return startOfJson.test(text) && JSON.parse(text) !== undefined;
  } catch {
    return false;
  }
}

function parseSeconds(text: string): Date | undefined {
  return /^\d{1,12}$/.test(text) ? new Date(Number(text) * 1_000) : undefined;
}

function parseJson<T extends object>(text: string): T | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? (value as T) : undefined;
  } catch {
    return undefined;
  }
}

function parseActor(text: string): Actor | undefined {
  try {
    return actorOfClaim(JSON.parse(text));
  } catch {
    return undefined;
  }
}
