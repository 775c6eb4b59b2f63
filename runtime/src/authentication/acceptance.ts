import type { AuthScheme } from "./scheme.js";

/** Credentials that a scheme accepts. */
export interface Acceptance {
  /** What verifies them: a key, a secret, a function. Equal for two schemes that verify by the same. */
  readonly by: unknown;
  /** What it demands besides, by a name for it: one value of each list. Undefined: any. */
  readonly only?: Readonly<Record<string, readonly unknown[] | undefined>>;
}

const symbols: Map<string, symbol> = /* @__PURE__ */ new Map();

/** The same value for the same text, which it does not show: for what names a key or secret. */
export function opaque(text: string): symbol {
  let symbol = symbols.get(text);
  if (symbol === undefined) {
    symbol = Symbol();
    symbols.set(text, symbol);
  }
  return symbol;
}

/** Whether one credential may be accepted by both schemes, as far as they say what they accept. */
export function acceptTheSame(a: AuthScheme, b: AuthScheme): boolean {
  const isCopy = Object.hasOwn(a, "read") && Object.hasOwn(b, "read") && a.read === b.read;
  return a === b || isCopy || (a.accepts ?? []).some((one) => (b.accepts ?? []).some((other) => overlap(one, other)));
}

function overlap(a: Acceptance, b: Acceptance): boolean {
  if (a.by !== b.by) return false;
  return Object.entries(a.only ?? {}).every(([name, values]) => {
    const others = b.only?.[name];
    return values === undefined || others === undefined || values.some((value) => others.includes(value));
  });
}
