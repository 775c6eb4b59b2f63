/** A person at a browser, and the scopes that the person lets a client have. */
export interface Person {
  readonly name: string;
  readonly allows: readonly string[];
}

/**
 * Goes to an address as a browser would, and fills in every page on the way, until a page sends it to `destination`.
 *
 * @param cookies - those of the browser, by name. Written as well.
 */
export async function browse(
  address: URL,
  destination: string,
  { name, allows }: Person,
  cookies: Map<string, string>,
): Promise<URL> {
  let url = address;
  let body: URLSearchParams | undefined;
  for (let pages = 0; pages < 20; pages++) {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    const method = body ? "POST" : "GET";
    const response = await fetch(url, { method, redirect: "manual", headers: { cookie }, ...(body && { body }) });
    for (const line of response.headers.getSetCookie()) {
      const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      if (value === "") cookies.delete(name);
      else cookies.set(name, value);
    }
    const location = response.headers.get("location");
    if (location === null) {
      if (response.status !== 200 || body) throw new Error(`${url}: ${response.status} ${await response.text()}`);
      body = new URLSearchParams({ user: name, scope: allows.join(" ") });
    } else {
      if (location.startsWith(destination)) return new URL(location);
      url = new URL(location, url);
      body = undefined;
    }
  }
  throw new Error(`${address}: too many pages`);
}
