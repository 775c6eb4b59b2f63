const symbols: Map<string, symbol> = /* @__PURE__ */ new Map();

/** Returns a symbol for a text: the same for equal texts. It does not contain the text, which may be a secret. */
export function opaque(text: string): symbol {
  let symbol = symbols.get(text);
  if (symbol === undefined) {
    symbol = Symbol();
    symbols.set(text, symbol);
  }
  return symbol;
}
