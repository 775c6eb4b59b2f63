import { type AuthContext, type AuthContextInit, createAuthContext } from "../context/auth-context.js";
import { markScheme } from "../context/identity-scheme.js";
import { markInternal } from "../context/internal-identity.js";

export interface MockAuthContextInit extends Partial<AuthContextInit> {
  /** Whether the caller may call `internal` methods. Default: false. */
  readonly internal?: boolean;
  /** The name of the scheme that authenticated the caller, for methods with `credentials`. Default: the type. */
  readonly scheme?: string;
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
  const { internal = false, scheme, subject = "test-user", ...rest } = init;
  const context = createAuthContext({ subject, ...rest }, "test");
  markScheme(context, scheme ?? context.type);
  return internal ? markInternal(context) : context;
}
