/** Option of authentication and authorization. */
export interface StreamOptions {
  /**
   * The events that end an open stream, besides its own end: `expiry` of the credential; `revocation`, and loss of a permission; `all`
   * of them, or `none`. Every stream begins with a valid credential. By default, `all`.
   *
   * Without `expiry`, a caller receives messages as long as the stream is open, whatever the lifetime of the credential.
   */
  readonly streams?: StreamEndings | undefined;
}

/** The values of the option `streams`. */
export const streamEndings = ["all", "expiry", "revocation", "none"] as const;
export type StreamEndings = (typeof streamEndings)[number];

/** Whether open streams end with an event. */
export function endsWith(streams: StreamEndings, event: "expiry" | "revocation"): boolean {
  return streams === "all" || streams === event;
}
