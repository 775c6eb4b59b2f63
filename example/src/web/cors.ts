import type { RequestListener } from "node:http";
import { cors } from "@connectrpc/connect";

/**
 * Lets pages of other origins call (Fetch standard, section 3.2). Any origin may: a caller proves who they are by a
 * token that the page adds itself, and nothing that the browser adds by itself, such as a cookie, means anything here.
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
      // A wildcard would not cover Authorization.
      "access-control-allow-headers": [...cors.allowedHeaders, "Authorization"].join(", "),
      "access-control-max-age": "7200",
    });
    response.end();
  };
}
