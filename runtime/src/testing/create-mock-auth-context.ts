import { type AuthContext, type AuthContextInit, createAuthContext } from "../context/auth-context.js";
import { markInternal } from "../context/internal-identity.js";

export interface MockAuthContextInit extends Partial<AuthContextInit> {
  /** Whether the caller may call `internal` methods. Default: false. */
  readonly internal?: boolean;
}

/**
 * Creates a caller for tests, checked and frozen like a real one. Default: subject `test-user`, type `test`.
 *
 * @throws TypeError naming the malformed field.
 *
 * @example
 * const editor = createMockAuthContext({ subject: "ada", roles: ["editor"] });
 * expect(await withAuthContext(editor, () => cancelOrder("1"))).toBe("canceled");
 */
export function createMockAuthContext(init: MockAuthContextInit = {}): AuthContext {
  const { internal = false, subject = "test-user", ...rest } = init;
  const context = createAuthContext({ subject, ...rest }, "test");
  return internal ? markInternal(context) : context;
}
