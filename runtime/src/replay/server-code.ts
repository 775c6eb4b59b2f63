import type { AuthzOptions } from "../authorization/authz-options.js";
import type { MatchScope } from "../policy/decide.js";

/** The options of a server that decide beside the tables. */
export interface ServerCode extends Required<Pick<AuthzOptions, "rules" | "defaultPolicy" | "checks">> {
  readonly authorize?: AuthzOptions["authorize"] | undefined;
  readonly matchScope?: MatchScope | undefined;
  readonly optionalMethods?: readonly string[] | undefined;
  /** Whether `rules`, `authorize` and `defaultPolicy` are those of the server. */
  readonly isKnown: boolean;
}
