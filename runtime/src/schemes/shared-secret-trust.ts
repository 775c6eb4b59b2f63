import type { AuthContextInit } from "../context/auth-context.js";
import { InvalidCredentialError } from "../errors/invalid-credential-error.js";
import { headerName } from "../headers/header-name.js";
import { anything, func, withDefault } from "../options/check.js";
import { type OptionTable, readOptions } from "../options/read-options.js";
import { compileSecrets, type Secrets } from "../trust/secret-matcher.js";
import type { AuthScheme } from "./scheme.js";

/** Options of {@link sharedSecretTrust}. */
export interface SharedSecretTrustOptions {
  /** Header of the secret. By default, `x-internal-secret`. */
  readonly header?: string;
  /** The secret of each calling service, by its name. Several secrets allow rotation. */
  readonly callers: Readonly<Record<string, Secrets>>;
  /** Turns the name of a caller into an identity. By default, the name is the subject. */
  readonly mapCaller?: (caller: string) => AuthContextInit;
}

const sharedSecretOptions = (): OptionTable<SharedSecretTrustOptions, "header" | "mapCaller"> => ({
  header: withDefault(anything, "x-internal-secret"),
  callers: anything,
  mapCaller: withDefault(func, (caller: string): AuthContextInit => ({ subject: caller })),
});

/**
 * Authenticates internal callers by a shared secret. Anybody who reads the header once can use it: encrypt connections, or use it
 * inside one host.
 *
 * @throws TypeError for a missing or malformed option.
 *
 * @example
 * const auth = createAuth({
 *   policies,
 *   authenticate: jwt(options),
 *   internal: sharedSecretTrust({ callers: { billing: process.env["BILLING_SECRET"] } }),
 * });
 */
export function sharedSecretTrust(options: SharedSecretTrustOptions): AuthScheme {
  const own = readOptions("sharedSecretTrust", options, sharedSecretOptions);
  const { callers, mapCaller } = own;
  const header = headerName(own.header, "header");
  const matchers = Object.entries(Object(callers)).map(
    ([caller, secrets]) => [caller, compileSecrets(secrets as Secrets, `callers.${caller}`)] as const,
  );
  if (matchers.length === 0) throw new TypeError("callers: expected the secret of at least one service, by its name");
  return {
    name: "internal",
    challenge: undefined,
    trustedHeaders: [header],
    internal: true,
    accepts: [{ by: `secret ${header}`, only: { proof: matchers.flatMap(([, { identities }]) => identities) } }],
    cache: false,
    read(source) {
      const secret = source.header.get(header);
      if (secret === null) return undefined;
      const found = matchers.filter(([, matches]) => matches(secret)).map(([caller]) => caller);
      const [caller] = found;
      if (caller === undefined)
        throw new InvalidCredentialError(`${header}: not a known secret`, { reason: "unknown" });
      if (found.length > 1)
        throw new InvalidCredentialError(`callers: ${found.join(" and ")} share one secret`, { reason: "ambiguous" });
      return { key: undefined, presented: secret, verify: () => ({ identity: mapCaller(caller) }) };
    },
  };
}
