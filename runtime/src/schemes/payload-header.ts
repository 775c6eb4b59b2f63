import { refuseRepeated } from "../call/raw-headers.js";
import { InvalidCredentialError } from "../errors/invalid-credential-error.js";
import type { CompiledHeaderMapping } from "../headers/header-mapping.js";
import { headerName } from "../headers/header-name.js";
import { anything, required } from "../options/check.js";
import { type OptionTable, readOptions } from "../options/read-options.js";
import { hasDuplicateMembers } from "../platform/json-members.js";
import { type ClaimsMapping, compileClaimsMapping } from "./claims-mapping.js";
import { maxExpiration } from "./max-expiration.js";

/** Options of `payload`. */
export interface PayloadOptions {
  /** The name of the header, such as `x-userinfo`. */
  readonly header: string;
  /** Maps claims to the identity, as for `jwt`. */
  readonly claimsMapping?: ClaimsMapping;
}

const payloadOptions = (): OptionTable<PayloadOptions> => ({ header: required(anything), claimsMapping: anything });

/** Longest value, in characters. */
const maxLength = 16 * 1024;

/** Base64 or base64url, with or without padding (RFC 4648 sections 4 and 5). */
const base64 = /^(?:[\w-]+|[A-Za-z0-9+/]+)={0,2}$/;

/**
 * Reads the claims in a header with JSON in base64 or base64url, as gateways write them. A repeated header is malformed.
 *
 * @throws InvalidCredentialError with reason `malformed`.
 */
function readPayload(value: string, name: string): Readonly<Record<string, unknown>> {
  const fail = (problem: string, cause?: unknown): never => {
    throw new InvalidCredentialError(`${name}: ${problem}`, { reason: "malformed", cause });
  };
  if (value.length > maxLength) return fail(`more than ${maxLength} characters`);
  if (!base64.test(value)) return fail("not base64 or base64url, or sent twice");
  let json: Uint8Array;
  let claims: unknown;
  try {
    const standard = value.replace(/-/g, "+").replace(/_/g, "/");
    const binary = atob(standard);
    // `atob` ignores unused bits (RFC 4648 section 3.5).
    if (withoutPadding(btoa(binary)) !== withoutPadding(standard)) return fail("not canonical base64");
    json = Uint8Array.from(binary, (char) => char.charCodeAt(0));
    claims = JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(json));
  } catch (cause) {
    return fail("not JSON in UTF-8", cause);
  }
  if (typeof claims !== "object" || claims === null || Array.isArray(claims)) return fail("not a JSON object");
  if (hasDuplicateMembers(json, claims)) return fail("a member twice");
  return claims as Readonly<Record<string, unknown>>;
}

function withoutPadding(text: string): string {
  return text.replace(/={1,2}$/, "");
}

/** @throws TypeError naming the member that is malformed. */
export function compilePayload(payload: PayloadOptions): CompiledHeaderMapping {
  const own = readOptions("payload", payload, payloadOptions, "payload.");
  const name = headerName(own.header, "payload.header");
  const toIdentity = compileClaimsMapping(own.claimsMapping);
  return {
    headers: [name],
    subject: name,
    read({ header, values }) {
      refuseRepeated(values, name);
      const claims = readPayload(header.get(name) ?? "", name);
      return { ...toIdentity(claims), expiresAt: expiryOf(claims, name) };
    },
  };
}

/** @throws InvalidCredentialError for an `exp` that is no time (RFC 7519 section 4.1.4). */
function expiryOf(claims: Readonly<Record<string, unknown>>, name: string): Date | undefined {
  const exp = Object.hasOwn(claims, "exp") ? claims["exp"] : undefined;
  if (exp === undefined) return undefined;
  const isTime = typeof exp === "number" && Math.abs(exp) <= maxExpiration;
  if (!isTime) throw new InvalidCredentialError(`${name}: exp is no time before the year 10000`, { reason: "claim" });
  return new Date(exp * 1_000);
}
