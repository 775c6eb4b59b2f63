import { readFile } from "node:fs/promises";
import type { RequestListener, ServerResponse } from "node:http";
import { extname } from "node:path";
import type { IdentityProvider } from "../identity-provider.js";
import { signIn } from "./sign-in.js";

/** The files that Vite builds from the folder `web`. */
const folder = new URL("../../web/dist/", import.meta.url);

const types: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".css": "text/css",
};

/** Serves the web page and its `/sign-in`. Passes other requests to `handler`. */
export function withPage(identityProvider: IdentityProvider, handler: RequestListener): RequestListener {
  const signInHere = signIn(identityProvider);
  return (request, response) => {
    const { pathname } = new URL(request.url ?? "/", "http://shop.invalid");
    if (pathname === "/sign-in") return signInHere(request, response);
    if (pathname === "/" || pathname.startsWith("/assets/")) return sendFile(pathname, response);
    return handler(request, response);
  };
}

/** @param pathname - of a parsed URL, so it contains no `..`. */
async function sendFile(pathname: string, response: ServerResponse): Promise<void> {
  const file = new URL(pathname === "/" ? "index.html" : pathname.slice(1), folder);
  const type = types[extname(file.pathname)];
  const content = type === undefined ? undefined : await readFile(file).catch(() => undefined);
  if (type !== undefined && content !== undefined) {
    response.writeHead(200, { "content-type": type }).end(content);
  } else {
    const missing = pathname === "/" ? "The web page is not built: npm run build:web -w example\n" : "Not found\n";
    response.writeHead(404, { "content-type": "text/plain" }).end(missing);
  }
}
