import type { StreamRequest, UnaryRequest } from "@connectrpc/connect";

/** The request that an interceptor receives. */
export type AnyRequest = UnaryRequest | StreamRequest;
