import type { Interceptor } from "@connectrpc/connect";
import { type AuthContext, authContextKey } from "@connectum/auth";
import { expect } from "vitest";
import { type Outcome, refused, tryIt } from "./call.js";

/** What came of a call, on both sides of the wire. */
export interface Witnessed {
  readonly got: Outcome;
  /** Why it was refused, which no client sees. */
  readonly cause: unknown;
  /** The caller that the handler saw. */
  readonly caller: AuthContext | undefined;
}

/** One unary call, watched from before the first interceptor and from after the last. */
export async function witness(
  interceptors: Interceptor | Interceptor[],
  headers: HeadersInit = {},
): Promise<Witnessed> {
  let cause: unknown;
  let caller: AuthContext | undefined;
  const before: Interceptor = (next) => (req) =>
    next(req).catch((error) => {
      cause = error.cause;
      throw error;
    });
  const after: Interceptor = (next) => (req) => {
    caller = req.contextValues.get(authContextKey);
    return next(req);
  };
  const got = await tryIt([before, interceptors, after].flat(), headers);
  return { got, cause, caller };
}

/** The message of why a credential was refused. */
export async function causeOf(interceptors: Interceptor | Interceptor[], headers: HeadersInit): Promise<string> {
  const { got, cause } = await witness(interceptors, headers);
  expect(got).toMatchObject(refused());
  expect(cause).toBeInstanceOf(Error);
  return (cause as Error).message;
}
