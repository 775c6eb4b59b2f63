const [quote, backslash, colon] = [0x22, 0x5c, 0x3a];

/**
 * Whether a valid JSON text names a member of an object twice. Parsers disagree about which one counts.
 *
 * @param json - the text in UTF-8.
 * @param value - the parsed text.
 */
export function hasDuplicateMembers(json: Uint8Array, value: unknown): boolean {
  return membersIn(json) !== membersOf(value);
}

/**
 * Counts the members in a valid JSON text, duplicates included: each has one colon outside strings. In UTF-8, these three
 * bytes never occur inside another character.
 */
function membersIn(json: Uint8Array): number {
  let members = 0;
  let inString = false;
  for (let i = 0; i < json.length; i++) {
    const byte = json[i];
    if (byte === quote) inString = !inString;
    else if (byte === backslash) i++;
    else if (byte === colon && !inString) members++;
  }
  return members;
}

/** Counts the members of a parsed value. */
function membersOf(value: unknown): number {
  if (typeof value !== "object" || value === null) return 0;
  let count = 0;
  for (const member of Object.values(value)) count += (Array.isArray(value) ? 0 : 1) + membersOf(member);
  return count;
}
