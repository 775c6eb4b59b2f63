import { warn } from "../platform/warn.js";

/** A scheme, as far as revocations need to know it. */
export interface RevocableScheme {
  readonly name: string;
  /** The part of a call that `revoke({ credential })` can name. By default, `credential`. */
  readonly presents?: "credential" | "nothing" | "unknown";
}

/** The schemes whose callers a `Revocations` refuses, to tell whether a credential can mean one of them. */
export class RevocableSchemes {
  readonly #schemes: Set<RevocableScheme> = new Set();

  add(schemes: readonly RevocableScheme[]): void {
    for (const scheme of schemes) this.#schemes.add(scheme);
  }

  /**
   * Call before a credential is revoked: warns about schemes that cannot tell which part of a call is the credential.
   *
   * @throws TypeError if no scheme can: nothing would be revoked.
   */
  checkCredential(): void {
    const schemes = [...this.#schemes];
    const isKnown = ({ presents = "credential" }: RevocableScheme) => presents === "credential";
    if (schemes.length > 0 && !schemes.some(isKnown)) {
      throw new TypeError(`revoke: { credential } means no caller of ${namesOf(schemes)}: ${remedy}`);
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
