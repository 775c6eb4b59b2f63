import { BlockList, isIP } from "node:net";

/** Whether an IP address is meant; false for what is not one. */
export type AddressMatcher = (address: string | undefined) => boolean;

const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i;

/**
 * Compiles addresses and ranges (`10.0.0.0/8`, `2001:db8::/32`, RFC 4632 and RFC 4291) into one matcher. An IPv4 address
 * that is mapped into IPv6 (`::ffff:10.0.0.1`), as sockets report it, counts as IPv4.
 *
 * @throws TypeError for a rule that is malformed, that means everybody, or that could never match.
 */
export function compileAddressRules(rules: readonly string[], option: string): AddressMatcher {
  if (!Array.isArray(rules) || rules.length === 0) {
    throw new TypeError(`${option}: expected a list of at least one address or range, such as "10.0.0.0/8"`);
  }
  // One list for each family: a list takes an IPv4 address for the IPv6 address it can be mapped to.
  const lists = { ipv4: new BlockList(), ipv6: new BlockList() };
  for (const rule of rules) {
    const [address = "", prefix, ...rest] = typeof rule === "string" ? rule.split("/") : [];
    const family = familyOf(address);
    const bits = family === "ipv4" ? 32 : 128;
    const length = prefix === undefined ? bits : /^(?:0|[1-9]\d{0,2})$/.test(prefix) ? Number(prefix) : Number.NaN;
    if (family === undefined || rest.length > 0 || !(length <= bits)) {
      throw new TypeError(`${option}: ${JSON.stringify(rule)} is not an IP address or a range such as "10.0.0.0/8"`);
    }
    if (length === 0) throw new TypeError(`${option}: ${JSON.stringify(rule)} means everybody`);
    if (/^(?:0*:)+ffff:/i.test(address)) throw new TypeError(`${option}: write ${JSON.stringify(rule)} as IPv4`);
    lists[family].addSubnet(address, length, family);
  }
  return (address = "") => {
    const plain = mapped.exec(address)?.[1] ?? address;
    const family = familyOf(plain);
    return family !== undefined && lists[family].check(plain, family);
  };
}

function familyOf(address: string): "ipv4" | "ipv6" | undefined {
  // A zone (`fe80::1%eth0`) names an interface, not an address.
  if (address.includes("%")) return undefined;
  return ({ 4: "ipv4", 6: "ipv6" } as const)[isIP(address)];
}
