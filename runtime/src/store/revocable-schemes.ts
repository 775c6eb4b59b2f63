import { warn } from "../platform/warn.js";

/** The parts of a scheme that revocations need. */
export interface RevocableScheme {
  readonly name: string;
  /** The part of a call that `revoke({ credential })` can name. By default, `credential`. */
  readonly presents?: "credential" | "nothing" | "unknown";
}

/** The schemes of a `Revocations`: they tell whether a credential can be revoked. */
export class RevocableSchemes {
  readonly #schemes: Set<RevocableScheme> = new Set();

  add(schemes: readonly RevocableScheme[]): void {
    for (const scheme of schemes) this.#schemes.add(scheme);
  }

  /**
   * Call before revoking a credential. Warns about schemes that do not know their credential.
   *
   * @throws TypeError if no scheme knows its credential: nothing would be revoked.
   */
  checkCredential(): void {
    const schemes = [...this.#schemes];
    const isKnown = ({ presents = "credential" }: RevocableScheme) => presents === "credential";
    if (schemes.length > 0 && !schemes.some(isKnown)) {
      throw new TypeError(`revoke: { credential } covers no caller of ${namesOf(schemes)}: ${remedy}`);
    }
    const unknown = schemes.filter(({ presents }) => presents === "unknown");
    if (unknown.length > 0) warn(`revoke({ credential }) does not refuse callers of ${namesOf(unknown)}: ${remedy}`);
  }
}

const remedy =
  "use { subject }, or { tokenId } with the session's id as the claim jti; session({ cookie }) knows its credential";

function namesOf(schemes: readonly RevocableScheme[]): string {
  return [...new Set(schemes.map(({ name }) => name))].join(", ");
}
