import { createAuthInterceptor } from "@connectum/auth";
import { createCaller, identityOf, same } from "./outcome.js";
import { type FuzzTarget, fuzzTarget, headerText } from "./target.js";

/** Every token that the server is asked about is somebody's, so that one read wrong is somebody else. */
const call = createCaller(createAuthInterceptor({ verifyCredentials: (token) => ({ subject: token }) }));

export const bearer: FuzzTarget = fuzzTarget(
  "bearer",
  headerText("Bearer ", "bearer", "BEARER  ", "Basic ", "token", "abc.def.ghi", "a=b", "==", "Bearer a, Bearer b"),
  async (value) => {
    const context = identityOf(await call(new Headers({ authorization: value })));
    const [, token] = /^bearer +([A-Za-z0-9\-._~+/]+=*)$/i.exec(value.replace(/^[ \t]+|[ \t]+$/g, "")) ?? [];
    // HTTP strips spaces and tabs around a value (RFC 9110 section 5.5), and nothing else may be taken away from it.
    if (context !== undefined) same("subject", context.subject, token);
    else if (token !== undefined && value.length < 8_000) throw new Error("a proper token was refused");
  },
);
