/**
 * Returns true for a token in the form of a JSON Web Token: three or five parts with dots between (RFC 7515 and RFC 7516,
 * section 7.1). Counts dots alone: a decoder more lenient than ours must not see a JSON Web Token where this sees none.
 */
export function isJwtForm(token: string): boolean {
  let dots = 0;
  for (let at = token.indexOf("."); at >= 0 && dots <= 4; at = token.indexOf(".", at + 1)) dots++;
  return dots === 2 || dots === 4;
}
