import type { Credential, Verified } from "../authentication/scheme.js";

/** An issuer of tokens, with what verifies them. */
export interface Issuer {
  /** Tells it from the other issuers of the scheme. */
  readonly id: string;
  verify(token: string): Promise<Verified>;
}

/** A JSON Web Token that a call presents, unverified. A remembered token is not even decoded. */
export class TokenCredential implements Credential {
  readonly key: string;
  /** Its own, not inherited: a scheme of others may copy a credential. */
  readonly verify: () => Promise<Verified> = async () => this.#findIssuer().verify(this.key);
  readonly #find: (token: string) => Issuer;
  #issuer: Issuer | undefined;

  /** @param find - finds the issuer of a token. Throws InvalidCredentialError where it is none of ours. */
  constructor(token: string, find: (token: string) => Issuer) {
    this.key = token;
    this.#find = find;
  }

  get issuer(): string {
    return this.#findIssuer().id;
  }

  #findIssuer(): Issuer {
    this.#issuer ??= this.#find(this.key);
    return this.#issuer;
  }
}
