import nodeCrypto from "node:crypto";
import { type Mock, vi } from "vitest";

/** Counts the signatures that are verified: by WebCrypto for jose, and by `node:crypto` for us. `mockRestore` ends it. */
export function spyOnVerifications(): Mock<() => void> {
  const verified = vi.fn();
  const spies = [
    countCalls(crypto.subtle, "verify", verified),
    countCalls(nodeCrypto, "verify", verified),
    countCalls(nodeCrypto, "createHmac", verified),
  ];
  const restore = verified.mockRestore.bind(verified);
  verified.mockRestore = () => {
    for (const spy of spies) spy.mockRestore();
    return restore();
  };
  return verified;
}

function countCalls<T extends object>(owner: T, name: keyof T & string, count: () => void): { mockRestore(): void } {
  const original = owner[name] as (...args: unknown[]) => unknown;
  return vi.spyOn(owner as Record<string, typeof original>, name).mockImplementation((...args) => {
    count();
    return original.apply(owner, args);
  });
}
