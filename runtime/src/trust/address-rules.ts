import { builtIn } from "../platform/built-in.js";
import { type AddressRange, familyOf, hasHostBits, holds, parseAddressRange } from "./address-range.js";

/** Returns true for a matching IP address, false for other text. */
export type AddressMatcher = (address: string | undefined) => boolean;

const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i;

/** Ranges that no rule may be part of, with the reason. */
const impossible: readonly (readonly [range: string, problem: string])[] = [
  ["::ffff:0:0/96", "is an IPv4 address: write it as IPv4"],
  ["fe80::/10", "is link-local: every network has the same addresses, and a peer's ends with its zone (fe80::1%eth0)"],
  ["ff00::/8", "is multicast: no peer calls from there"],
  ["224.0.0.0/4", "is multicast: no peer calls from there"],
  ["::/128", "is no peer's address"],
  ["0.0.0.0/8", "is no peer's address"],
  ["255.255.255.255/32", "is no peer's address"],
];

/**
 * Compiles addresses and ranges (`10.0.0.0/8`, `2001:db8::/32`, RFC 4632 and RFC 4291) into one matcher. An IPv4 address
 * that is mapped into IPv6 (`::ffff:10.0.0.1`), as sockets report it, matches as IPv4.
 *
 * @throws TypeError for a malformed rule, one that matches every address, and one that matches none.
 */
export function compileAddressRules(rules: readonly string[], option: string): AddressMatcher {
  if (!Array.isArray(rules) || rules.length === 0) {
    throw new TypeError(`${option}: expected a list of at least one address or range, such as "10.0.0.0/8"`);
  }
  // One list for each family: a BlockList maps IPv4 addresses to IPv6.
  const { BlockList } = builtIn("node:net");
  const lists = { ipv4: new BlockList(), ipv6: new BlockList() };
  for (const rule of rules) {
    const range = parseAddressRange(rule);
    const problem = range === undefined ? 'is not an IP address or a range such as "10.0.0.0/8"' : problemOf(range);
    if (range === undefined || problem !== undefined) {
      throw new TypeError(`${option}: ${JSON.stringify(rule)} ${problem}`);
    }
    lists[range.family].addSubnet(range.address, range.length, range.family);
  }
  return (address = "") => {
    const plain = mapped.exec(address)?.[1] ?? address;
    const family = familyOf(plain);
    return family !== undefined && lists[family].check(plain, family);
  };
}

function problemOf(range: AddressRange): string | undefined {
  if (range.length === 0) return "matches every address";
  for (const [text, problem] of impossible) {
    const outer = parseAddressRange(text);
    if (outer !== undefined && holds(outer, range)) return problem;
  }
  if (hasHostBits(range)) {
    return `has more bits than the /${range.length} counts: write "${range.address}" for one host, or the first address of the range`;
  }
  return undefined;
}
