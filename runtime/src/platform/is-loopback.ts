/** Returns true for the host name of a URL that is this machine. `URL` has brought addresses into one form. */
export function isLoopback(hostname: string): boolean {
  return hostname === "localhost" || hostname === "[::1]" || /^127\.\d+\.\d+\.\d+$/.test(hostname);
}
