/** Says what is most likely a mistake, to whoever runs the server. */
export function warn(text: string): void {
  console.warn(`@connectum/auth: ${text}`);
}

/** A warning that is given once: what happens at every call may not fill the log. */
export function createWarning(text: string): () => void {
  let given = false;
  return () => {
    if (!given) warn(text);
    given = true;
  };
}
