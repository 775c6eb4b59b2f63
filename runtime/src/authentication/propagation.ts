import type { AuthContext } from "../context/auth-context.js";
import { encodeAuthHeaders, identityHeaders } from "../context/auth-headers.js";
import type { PipelineOptions } from "./authentication-options.js";

const identityHeaderNames: readonly string[] = /* @__PURE__ */ Object.values(identityHeaders);

/** Replaces the identity in headers. */
export type Propagate = (context: AuthContext, header: Headers) => void;

/**
 * Compiles `propagateHeaders` and `propagatedClaims`. Returns undefined without propagation.
 *
 * @throws TypeError for `propagatedClaims` without `propagateHeaders`.
 */
export function compilePropagation(options: PipelineOptions): Propagate | undefined {
  const { propagateHeaders, propagatedClaims } = options;
  if (propagatedClaims !== undefined && !propagateHeaders) {
    throw new TypeError("propagatedClaims: has no effect without propagateHeaders: true");
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
    // Fields of an earlier identity that this one lacks must not remain.
    for (const name of identityHeaderNames) header.delete(name);
    for (const [name, value] of fields) header.set(name, value);
  };
}
