import { type AuthContext, type AuthContextInit, createAuthContext } from "../context/auth-context.js";
import { markInternal } from "../context/internal-identity.js";

export interface MockAuthContextInit extends Partial<AuthContextInit> {
  /** Whether it may call `internal` methods. By default, false. */
  readonly internal?: boolean;
}

/**
 * A caller for tests, checked and frozen as real ones are. By default, the subject is `test-user` and the type `test`.
 *
 * @throws TypeError naming the malformed field.
 */
export function createMockAuthContext(init: MockAuthContextInit = {}): AuthContext {
  const { internal = false, subject = "test-user", ...rest } = init;
  const context = createAuthContext({ subject, ...rest }, "test");
  return internal ? markInternal(context) : context;
}
