import { optional, required, text, texts } from "../options/check.js";
import { type OptionTable, readOptions } from "../options/read-options.js";
import { isLoopback } from "../platform/is-loopback.js";

/** Describes the server to OAuth clients (RFC 9728). */
export interface ProtectedResourceOptions {
  /** The address of the API, as clients know it: its resource identifier. */
  readonly url: string;
  /** The issuers of the authorization servers whose tokens the API accepts. */
  readonly authorizationServers: readonly string[];
  /** The name of the API, for people. By default, none. */
  readonly name?: string;
  /** The address of its documentation. By default, none. */
  readonly documentation?: string;
}

const protectedResourceOptions = (): OptionTable<ProtectedResourceOptions> => ({
  url: required(text),
  authorizationServers: required(texts),
  name: optional(text),
  documentation: optional(text),
});

/** @throws TypeError for a malformed option. */
export function readProtectedResource(options: ProtectedResourceOptions): ProtectedResourceOptions {
  const own = readOptions("protectedResource", options, protectedResourceOptions, "protectedResource.");
  checkUrl(own.url, "protectedResource.url");
  for (const [i, issuer] of own.authorizationServers.entries()) {
    checkUrl(issuer, `protectedResource.authorizationServers[${i}]`);
  }
  if (own.documentation !== undefined) checkUrl(own.documentation, "protectedResource.documentation", "#?");
  return own;
}

/** Clients compare the text and fetch from it: it must be an address without parts that are dropped on the way. */
function checkUrl(value: string, option: string, allowed = ""): void {
  const fail = (problem: string) => new TypeError(`${option}: ${JSON.stringify(value)} ${problem}`);
  if (!URL.canParse(value)) throw fail('is not a URL. Write the whole address, such as "https://api.example.com"');
  const { protocol, hostname, username, password } = new URL(value);
  if (protocol !== "https:" && !(protocol === "http:" && isLoopback(hostname))) {
    throw fail("is not secure. Use https:, or http: on this machine");
  }
  if (username !== "" || password !== "") throw fail("has a user name or password. Remove them");
  const part = ["#", "?"].find((mark) => value.includes(mark) && !allowed.includes(mark));
  if (part !== undefined) throw fail(`has a ${part === "#" ? "fragment" : "query"}. Remove it`);
}
