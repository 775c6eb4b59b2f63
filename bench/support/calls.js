// Calls through interceptors, without a server around them.
import { createContextValues } from "@connectrpc/connect";
import { authContextKey } from "@connectum/auth";

/** An identity as authentication leaves it: frozen, and the same object for every call with one token. */
export function createIdentity(roles, scopes = [], claims = {}, permissions = []) {
  return Object.freeze({
    subject: "alice",
    roles: Object.freeze(roles),
    scopes: Object.freeze(scopes),
    permissions: Object.freeze(permissions),
    claims: Object.freeze(claims),
    type: "bench",
  });
}

const { signal } = new AbortController();
const empty = {};

/** A unary request as interceptors are given it. */
export function requestOf(method, header, contextValues, message = empty) {
  return {
    stream: false,
    service: method.parent,
    method,
    requestMethod: "POST",
    url: "",
    signal,
    header,
    contextValues,
    message,
  };
}

/**
 * So many calls of a method through interceptors, one after the other. Every call has values of its own.
 *
 * @param {readonly import("@connectrpc/connect").Interceptor[]} interceptors
 * @param {import("@bufbuild/protobuf").DescMethod} method
 * @param {object | undefined} identity
 */
export function createCalls(interceptors, method, identity, want = "ok", message = empty) {
  const response = Object.freeze({ stream: false, message: {} });
  const handler = async () => response;
  const call = interceptors.reduceRight((next, interceptor) => interceptor(next), handler);
  const header = new Headers({ authorization: "Bearer token" });
  const run = async (/** @type {number} */ calls) => {
    let denied = 0;
    for (let i = 0; i < calls; i++) {
      const contextValues = createContextValues();
      if (identity !== undefined) contextValues.set(authContextKey, identity);
      const req = requestOf(method, header, contextValues, message);
      if (want === "ok") await call(req);
      else {
        try {
          await call(req);
        } catch {
          denied++;
        }
      }
    }
    if (want !== "ok" && denied !== calls) throw new Error(`expected ${calls} denials, got ${denied}`);
  };
  return run;
}
