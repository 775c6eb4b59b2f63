import type { DescMethod } from "@bufbuild/protobuf";
import type { ContextValues } from "@connectrpc/connect";

/** The parts of a call in which a scheme finds its credential. */
export interface CredentialSource {
  readonly header: Headers;
  /** Context values of the call, for facts that only the transport knows: see `peerKey`. */
  readonly values: ContextValues;
  readonly method: DescMethod;
  /** The HTTP method: `POST`, or `GET` for a method without side effects that is called by Connect GET. */
  readonly requestMethod: string;
  /** Headers for the response of a successful call. A scheme may add some, and creates the object if there is none. */
  responseHeader?: Headers | undefined;
}
