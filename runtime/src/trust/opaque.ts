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
