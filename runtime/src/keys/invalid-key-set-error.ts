/** Says that an endpoint answered, and that its answer is no usable key set. The message names no key material. */
export class InvalidKeySetError extends Error {
  override readonly name = "InvalidKeySetError";
}
