import { type CryptoKey, calculateJwkThumbprint } from "jose";

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
