import { type CryptoKey, calculateJwkThumbprint } from "jose";

const names: WeakMap<CryptoKey, string> = /* @__PURE__ */ new WeakMap();

/** Returns the name of a key, equal in every process: its thumbprint (RFC 7638). */
export async function nameKey(key: CryptoKey): Promise<string> {
  let name = names.get(key);
  if (name === undefined) {
    name = await calculateJwkThumbprint(key);
    names.set(key, name);
  }
  return name;
}
