import type { CredentialSource } from "../call/credential-source.js";
import { refuseRepeated } from "../call/raw-headers.js";
import { type Actor, actorOfClaim } from "../context/actor.js";
import type { AuthContextInit } from "../context/auth-context.js";
import { InvalidCredentialError } from "../errors/invalid-credential-error.js";
import { anything, required, word } from "../options/check.js";
import { type OptionTable, readOptions } from "../options/read-options.js";
import { headerName } from "./header-name.js";
import { compileHeaderText, type HeaderEncoding } from "./header-text.js";
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
  readonly roles?: string;
  /** A JSON list of strings, or names separated by spaces. */
  readonly scopes?: string;
  /** A JSON list of strings, or names separated by spaces. */
  readonly permissions?: string;
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
  encoding: { ...word("ascii", "utf-8"), fallback: "ascii" as const },
});

/** @throws TypeError naming the field that is malformed. */
export function compileHeaderMapping(mapping: HeaderMapping): CompiledHeaderMapping {
  const own = readOptions("headerMapping", mapping, mappingOptions, "headerMapping.");
  const { encoding, ...headers } = own;
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
        const text = value.length > maxLength ? undefined : decode(value);
        if (text === undefined)
          throw new InvalidCredentialError(`${name}: malformed: ${expected}`, { reason: "malformed" });
        const mayBeJoined = !isSingle && joined.test(text);
        const parsed = parse(text, mayBeJoined);
        if (parsed === undefined)
          throw new InvalidCredentialError(`${name}: malformed${mayBeJoined ? joinHint : ""}`, { reason: "malformed" });
        return parsed;
      };
      const found = read("subject", (text, mayBeJoined) => (text === "" || mayBeJoined ? undefined : text));
      return found === undefined
        ? undefined
        : {
            subject: found,
            name: read("name", (text, mayBeJoined) => (mayBeJoined ? undefined : text)),
            roles: read("roles", (text, mayBeJoined) => parseList(text, /,/, mayBeJoined)),
            scopes: read("scopes", (text, mayBeJoined) => parseList(text, / +/, mayBeJoined)),
            permissions: read("permissions", (text, mayBeJoined) => parseList(text, / +/, mayBeJoined)),
            claims: read("claims", parseJson<Record<string, unknown>>),
            acr: read("acr", (text, mayBeJoined) => (mayBeJoined ? undefined : text)),
            authTime: read("authTime", parseSeconds),
            actor: read("actor", parseActor),
          };
    },
  };
}

/**
 * Parses the text of a header. Returns undefined for malformed text.
 *
 * @param mayBeJoined - true if the text looks like two joined headers.
 */
type Parse<T> = (text: string, mayBeJoined: boolean) => T | undefined;

/** Transports join repeated headers by `", "`. Some cut the space before an empty one. */
const joined = /, |,$/;

const joinHint = ', or sent twice; contextValues: recordPeer tells two headers from one with ", " in it';

/** A JSON list cannot be a joined header: a joined one is not JSON. */
function parseList(text: string, separator: RegExp, mayBeJoined: boolean): readonly string[] | undefined {
  if (text === "") return [];
  if (/^ *["{[]/.test(text)) return parseJson(text);
  return mayBeJoined ? undefined : text.split(separator).map(trimSpaces);
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
