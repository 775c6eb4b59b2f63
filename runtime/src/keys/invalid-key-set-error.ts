/** The endpoint answered, but not with a usable key set. The message contains no key material. */
export class InvalidKeySetError extends Error {
  override readonly name = "InvalidKeySetError";
}
