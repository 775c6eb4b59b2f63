import type { Message } from "@bufbuild/protobuf";
import type { ContextValues } from "@connectrpc/connect";

/** The call that a decision is about. */
export interface AuthzRequest {
  /** Fully qualified name of the service. */
  readonly service: string;
  /** Name of the method in the schema. */
  readonly method: string;
  readonly header: Headers;
  readonly values: ContextValues;
  /** Aborted when the caller is gone or the deadline is over. */
  readonly signal: AbortSignal;
  /** What the caller sent, for unary and server-streaming calls; undefined where the caller sends a stream. */
  readonly message: Message | undefined;
}
