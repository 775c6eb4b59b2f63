// Serves the lab as a Worker.
import { createLabHandler } from "./fetch-handler.js";
import { createRuntimeLab } from "./lab.js";

let handler: ((request: Request) => Promise<Response>) | undefined;

export default {
  fetch(request: Request, env: { readonly JWKS_URI: string }): Promise<Response> {
    handler ??= start(env.JWKS_URI);
    return handler(request);
  },
};

function start(jwksUri: string) {
  const lab = createRuntimeLab(jwksUri);
  // Without the gate: workerd closes a connection of HTTP/1.1 whose request was answered before its body was read, and a client
  // that still writes sees that instead of the answer.
  return createLabHandler(lab, { interceptors: lab.auth.interceptors });
}
