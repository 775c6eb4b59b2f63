/** Decodings of one value that are undone; frameworks decode once. */
const maxDecodings = 3;

/**
 * The spelling under which a credential is revoked. A cookie arrives with or without quotes, percent-encoding and base64
 * padding, whatever the framework calls its session: all of them are one credential.
 *
 * Credentials that differ only in their spelling are revoked together, which errs on the safe side.
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
  // Backwards by hand: /=+$/ takes quadratic time for a credential full of equals signs.
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
