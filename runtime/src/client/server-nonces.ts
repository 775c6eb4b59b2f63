import { Code, ConnectError } from "@connectrpc/connect";

/** Most servers whose nonce is remembered. */
const maxSize = 100;

/** The last nonce of each server (RFC 9449 section 8.2). */
export class ServerNonces {
  readonly #byOrigin: Map<string, string> = new Map();

  /** @param url - absolute. */
  of(url: string): string | undefined {
    return this.#byOrigin.get(new URL(url).origin);
  }

  remember(url: string, header: Headers): void {
    const nonce = header.get("dpop-nonce");
    if (nonce === null) return;
    const { origin } = new URL(url);
    this.#byOrigin.delete(origin);
    for (const oldest of this.#byOrigin.keys()) if (this.#byOrigin.size >= maxSize) this.#byOrigin.delete(oldest);
    this.#byOrigin.set(origin, nonce);
  }

  /** Returns true for the refusal of a proof without the nonce in use, and remembers that nonce. */
  isDemanded(url: string, error: unknown): boolean {
    const { code, metadata } = ConnectError.from(error);
    if (code !== Code.Unauthenticated || !metadata.has("dpop-nonce")) return false;
    this.remember(url, metadata);
    return /\bDPoP .*\berror="?use_dpop_nonce\b/i.test(metadata.get("www-authenticate") ?? "");
  }
}
