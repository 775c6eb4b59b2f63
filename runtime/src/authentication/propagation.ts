import type { AuthContext } from "../context/auth-context.js";
import { encodeAuthHeaders, identityHeaders } from "../context/auth-headers.js";
import type { AuthenticationOptions } from "./authentication-options.js";

const identityHeaderNames: readonly string[] = /* @__PURE__ */ Object.values(identityHeaders);

/** Writes an identity into headers, in place of one that is there. */
export type Propagate = (context: AuthContext, header: Headers) => void;

/**
 * What `propagateHeaders` and `propagatedClaims` ask for; undefined where nothing is to be written.
 *
 * @throws TypeError for a malformed option.
 */
export function compilePropagation(options: AuthenticationOptions): Propagate | undefined {
  const { propagateHeaders = false, propagatedClaims } = options;
  if (typeof propagateHeaders !== "boolean") {
    throw new TypeError(`propagateHeaders: expected true or false, got ${JSON.stringify(propagateHeaders)}`);
  }
  if (propagatedClaims !== undefined) {
    const isList = Array.isArray(propagatedClaims) && propagatedClaims.every((name) => typeof name === "string");
    if (!isList) throw new TypeError("propagatedClaims: expected a list of claim names");
    if (!propagateHeaders) throw new TypeError("propagatedClaims: has no effect without propagateHeaders: true");
  }
  if (!propagateHeaders) return undefined;
  const claims = [...(propagatedClaims ?? [])];
  // A cached identity serves many calls.
  const encoded = new WeakMap<AuthContext, readonly (readonly [name: string, value: string])[]>();
  return (context, header) => {
    let fields = encoded.get(context);
    if (fields === undefined) {
      fields = encodeAuthHeaders(context, claims);
      encoded.set(context, fields);
    }
    // What a caller before had and this one lacks would be taken for this one's.
    for (const name of identityHeaderNames) header.delete(name);
    for (const [name, value] of fields) header.set(name, value);
  };
}
