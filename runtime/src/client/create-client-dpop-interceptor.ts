import { Code, ConnectError, type Interceptor } from "@connectrpc/connect";
import { flag, required, withDefault } from "../options/check.js";
import { type OptionTable, readOptions } from "../options/read-options.js";
import type { AnyRequest } from "../platform/any-request.js";
import { callStream } from "./call-stream.js";
import { createDpopProof } from "./create-dpop-proof.js";
import type { DpopKeyPair } from "./dpop-key-pair.js";
import { ServerNonces } from "./server-nonces.js";
import { untilAborted } from "./until-aborted.js";

export interface ClientDpopOptions {
  /**
   * The key pair to which the token is bound: `createDpopKeyPair()`. A function returns it for each call, on a server where each user
   * has one.
   */
  readonly keyPair: DpopKeyPair | ((request: AnyRequest) => DpopKeyPair | Promise<DpopKeyPair>);
  /** As the transport's option of this name: methods without side effects are called by GET, which the proof must name. Default: false. */
  readonly useHttpGet?: boolean;
}

const dpopOptions = (): OptionTable<ClientDpopOptions, "useHttpGet"> => ({
  keyPair: required({
    accepts: (value) => typeof value === "function" || Object(value).privateKey?.type === "private",
    expected: "a key pair of WebCrypto, or a function that returns one",
  }),
  useHttpGet: withDefault(flag, false),
});

/** The value of `MethodOptions.IdempotencyLevel` for methods that Connect may call by GET. */
const noSideEffects = 1;

type Next = ReturnType<Interceptor>;

/**
 * Proves the possession of the key to which the token is bound (DPoP, RFC 9449). Put it after the interceptor that adds the token: it
 * turns `Authorization: Bearer` into `Authorization: DPoP`, and adds a proof for each call. Calls without a token stay as they are.
 *
 * Remembers the nonce of each server. A unary or server-streaming call that a server refuses for want of a nonce is made once more. A
 * call that streams messages to the server fails, and the next one has the nonce.
 *
 * @throws TypeError for a misconfiguration.
 *
 * @example
 * const keyPair = await createDpopKeyPair();
 * const transport = createConnectTransport({
 *   baseUrl: "https://api.example.com",
 *   interceptors: [
 *     createClientBearerInterceptor({ token: sharedToken(() => fetchToken(keyPair)) }),
 *     createClientDpopInterceptor({ keyPair }),
 *   ],
 * });
 */
export function createClientDpopInterceptor(options: ClientDpopOptions): Interceptor {
  const { keyPair, useHttpGet } = readOptions("createClientDpopInterceptor", options, dpopOptions);
  const nonces = new ServerNonces();

  return (next) => async (req) => {
    const token = /^(?:bearer|dpop) +(\S+)$/i.exec(req.header.get("authorization") ?? "")?.[1];
    if (token === undefined) return next(req);
    const keys = typeof keyPair === "function" ? await untilAborted(req.signal, () => keyPair(req)) : keyPair;
    const url = absolute(req.url);
    const isGet = useHttpGet && !req.stream && (req.method.idempotency as number | undefined) === noSideEffects;
    const method = isGet ? "GET" : req.requestMethod;
    const prove: Next = async (attempt) => {
      attempt.header.set("authorization", `DPoP ${token}`);
      attempt.header.set("dpop", await createDpopProof(keys, { method, url, token, nonce: nonces.of(url) }));
      const res = await next(attempt);
      nonces.remember(url, res.header);
      return res;
    };
    const isRefused = (error: unknown) => nonces.isDemanded(url, error);
    if (!req.stream) return prove(req).catch((error) => (isRefused(error) ? prove(req) : Promise.reject(error)));
    return callStream(req, prove, isRefused);
  };
}

/** A relative URL has the origin of the page. */
function absolute(url: string): string {
  if (URL.canParse(url)) return url;
  const page: unknown = (globalThis as { readonly location?: { readonly href?: unknown } }).location?.href;
  if (typeof page === "string" && URL.canParse(url, page)) return new URL(url, page).href;
  throw new ConnectError("DPoP needs a transport with an absolute baseUrl", Code.Internal);
}
