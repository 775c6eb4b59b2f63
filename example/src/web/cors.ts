import type { RequestListener } from "node:http";
import { cors } from "@connectrpc/connect";

/**
 * Permits calls from pages of any origin (Fetch standard, section 3.2).
 *
 * This is safe because the page itself adds the token. The server ignores cookies and other credentials of the browser.
 */
export function withCors(handler: RequestListener): RequestListener {
  return (request, response) => {
    response.setHeader("access-control-allow-origin", "*");
    response.setHeader("access-control-expose-headers", [...cors.exposedHeaders, "WWW-Authenticate"].join(", "));
    if (request.method !== "OPTIONS" || request.headers["access-control-request-method"] === undefined) {
      return handler(request, response);
    }
    response.writeHead(204, {
      "access-control-allow-methods": cors.allowedMethods.join(", "),
      // A wildcard does not include Authorization.
      "access-control-allow-headers": [...cors.allowedHeaders, "Authorization"].join(", "),
      "access-control-max-age": "7200",
    });
    response.end();
  };
}
