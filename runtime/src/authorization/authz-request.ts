import type { Message } from "@bufbuild/protobuf";
import type { ContextValues } from "@connectrpc/connect";

/** The call to decide. */
export interface AuthzRequest {
  /** Fully qualified name of the service. */
  readonly service: string;
  /** Name of the method in the schema. */
  readonly method: string;
  readonly header: Headers;
  readonly values: ContextValues;
  /** Aborts when the caller leaves or the deadline passes. */
  readonly signal: AbortSignal;
  /** The request message of a unary or server-streaming call. Undefined for a stream of requests. */
  readonly message: Message | undefined;
  /**
   * The resource that the request names, or that the message of a stream names. Undefined for a method without `resource` in the
   * schema, and at the opening of a stream.
   */
  readonly resource: string | undefined;
}
