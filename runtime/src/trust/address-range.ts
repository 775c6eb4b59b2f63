import { builtIn } from "../platform/built-in.js";

export type Family = "ipv4" | "ipv6";

/** An address, or a range of addresses with the same first bits (RFC 4632, RFC 4291). */
export interface AddressRange {
  readonly family: Family;
  readonly address: string;
  /** The address as a number. */
  readonly value: bigint;
  /** Number of significant bits. */
  readonly length: number;
}

/** Parses an address or a range such as `10.0.0.0/8`. Returns undefined for other text. */
export function parseAddressRange(text: unknown): AddressRange | undefined {
  const [address = "", prefix, ...rest] = typeof text === "string" ? text.split("/") : [];
  const family = familyOf(address);
  if (family === undefined || rest.length > 0) return undefined;
  const bits = bitsOf(family);
  if (prefix !== undefined && !/^(?:0|[1-9]\d{0,2})$/.test(prefix)) return undefined;
  const length = prefix === undefined ? bits : Number(prefix);
  return length > bits ? undefined : { family, address, value: numberOf(address, family), length };
}

/** Returns the family of an address. Undefined for other text, and for an address with a zone (`fe80::1%eth0`). */
export function familyOf(address: string): Family | undefined {
  if (address.includes("%")) return undefined;
  return ({ 4: "ipv4", 6: "ipv6" } as const)[builtIn("node:net").isIP(address)];
}

/** Returns true if a range contains all of another. */
export function holds(outer: AddressRange, inner: AddressRange): boolean {
  const cut = BigInt(bitsOf(outer.family) - outer.length);
  return outer.family === inner.family && inner.length >= outer.length && outer.value >> cut === inner.value >> cut;
}

/** Returns true for an address with host bits: `10.1.2.3/8`. */
export function hasHostBits({ family, value, length }: AddressRange): boolean {
  return BigInt.asUintN(bitsOf(family) - length, value) !== 0n;
}

function bitsOf(family: Family): number {
  return family === "ipv4" ? 32 : 128;
}

function numberOf(address: string, family: Family): bigint {
  if (family === "ipv4") return join(address.split("."), 8n, "");
  // The last 32 bits may be in IPv4 notation.
  const text = address.replace(/[\d.]+\.[\d.]+$/, (tail) => {
    const value = numberOf(tail, "ipv4");
    return `${(value >> 16n).toString(16)}:${(value & 0xffffn).toString(16)}`;
  });
  const [head = [], tail] = text.split("::").map((part) => (part === "" ? [] : part.split(":")));
  const zeros = tail === undefined ? [] : Array<string>(8 - head.length - tail.length).fill("0");
  return join([...head, ...zeros, ...(tail ?? [])], 16n, "0x");
}

function join(parts: readonly string[], bits: bigint, radix: string): bigint {
  return parts.reduce((value, part) => (value << bits) | BigInt(radix + part), 0n);
}
