import { type CryptoKey, calculateJwkThumbprint, type JSONWebKeySet } from "jose";

const names: WeakMap<CryptoKey, string> = /* @__PURE__ */ new WeakMap();

/** The name of a key in every process that has it: its thumbprint (RFC 7638). */
export async function nameKey(key: CryptoKey): Promise<string> {
  let name = names.get(key);
  if (name === undefined) {
    name = await calculateJwkThumbprint(key);
    names.set(key, name);
  }
  return name;
}

/** The names of the keys of a set. A key of a kind that is not known has none. */
export async function nameKeys({ keys }: JSONWebKeySet): Promise<ReadonlySet<string>> {
  const found = await Promise.all(keys.map((key) => calculateJwkThumbprint(key).catch(() => undefined)));
  return new Set(found.filter((name) => name !== undefined));
}
