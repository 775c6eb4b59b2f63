/** Most nested encodings that are undone. Frameworks decode once. */
const maxDecodings = 3;

/**
 * Returns the canonical spelling of a credential. A cookie may have quotes, percent-encoding and base64 padding: all spellings are
 * one credential.
 *
 * Different credentials with one canonical spelling are revoked together. That is safe.
 *
 * @example
 * canonicalSpelling('"abc%3D"') === canonicalSpelling("abc");
 */
export function canonicalSpelling(credential: string): string {
  let text = credential;
  for (let i = 0; i < maxDecodings; i++) {
    const plain = decode(unquote(text));
    if (plain === text) break;
    text = plain;
  }
  // A loop: /=+$/ takes quadratic time for many equals signs.
  let end = text.length;
  while (text.charCodeAt(end - 1) === 0x3d) end--;
  return text.slice(0, end);
}

function unquote(text: string): string {
  return text.length > 1 && text.startsWith('"') && text.endsWith('"') ? text.slice(1, -1) : text;
}

function decode(text: string): string {
  if (!text.includes("%")) return text;
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
