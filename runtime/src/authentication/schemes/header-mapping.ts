import type { AuthContextInit } from "../../context/auth-context.js";
import { checkOptionNames } from "../../option-names.js";
import { InvalidCredentialError } from "../authentication-error.js";
import { headerName } from "../header-name.js";

/** Headers with plain values, as gateways write them: nothing in them is decoded. */
export interface HeaderMapping {
  /** Without this header there is no identity. */
  readonly subject: string;
  readonly name?: string;
  /** A JSON list of strings, or names separated by commas. */
  readonly roles?: string;
  /** A JSON list of strings, or names separated by spaces. */
  readonly scopes?: string;
  /** A JSON object. */
  readonly claims?: string;
}

export interface CompiledHeaderMapping {
  /** Every header of the mapping, in lower case. */
  readonly headers: readonly string[];
  readonly subject: string;
  /**
   * The unchecked content of the headers.
   *
   * @throws InvalidCredentialError for a value that cannot be read, or was sent twice.
   */
  read(header: Headers): AuthContextInit | undefined;
}

/** Longest value of one header, in characters. */
const maxLength = 8 * 1024;

const fields: Readonly<Record<keyof HeaderMapping, true>> = {
  subject: true,
  name: true,
  roles: true,
  scopes: true,
  claims: true,
};

/** @throws TypeError naming the field that is malformed. */
export function compileHeaderMapping(mapping: HeaderMapping): CompiledHeaderMapping {
  checkOptionNames(mapping, fields, "headerMapping");
  const names = new Map(
    Object.entries(mapping).map(([field, name]) => [field, headerName(name, `headerMapping.${field}`)]),
  );
  const subject = names.get("subject");
  if (subject === undefined) throw new TypeError("headerMapping.subject: expected the name of a header");
  if (new Set(names.values()).size < names.size) {
    throw new TypeError("headerMapping: two fields are read from one header");
  }
  return {
    headers: [...names.values()],
    subject,
    read(header) {
      const read = <T>(field: keyof HeaderMapping, parse: (value: string) => T | undefined): T | undefined => {
        const name = names.get(field);
        const value = name === undefined ? null : header.get(name);
        if (value === null) return undefined;
        const parsed = value.length > maxLength || controls.test(value) ? undefined : parse(value);
        if (parsed === undefined) throw new InvalidCredentialError(`${name}: malformed`);
        return parsed;
      };
      const found = read("subject", parseSubject);
      return found === undefined
        ? undefined
        : {
            subject: found,
            name: read("name", (value) => value),
            roles: read("roles", (value) => parseList(value, /,/)),
            scopes: read("scopes", (value) => parseList(value, / +/)),
            claims: read("claims", parseJson<Record<string, unknown>>),
          };
    },
  };
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const controls = /[\x00-\x1f\x7f]/;

/** `", "` joins a header that was sent twice: two subjects, of which neither can be believed. */
function parseSubject(value: string): string | undefined {
  return value === "" || value.includes(", ") ? undefined : value;
}

function parseList(value: string, separator: RegExp): readonly string[] | undefined {
  if (value === "") return [];
  if (/^\s*["{[]/.test(value)) return parseJson(value);
  const names = value.split(separator).map((name) => name.trim());
  // A comma at the end of a scope is the join of two headers.
  return names.some((name) => name.endsWith(",")) ? undefined : names;
}

function parseJson<T>(value: string): T | undefined {
  try {
    return JSON.parse(value) as T;
  } catch {
    return undefined;
  }
}
