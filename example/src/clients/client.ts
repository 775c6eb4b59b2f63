import type { DescMethod, JsonValue } from "@bufbuild/protobuf";
import type { Code } from "@connectrpc/connect";

/** A call of any method, with messages as JSON. */
export interface Call {
  readonly method: DescMethod;
  readonly messages: readonly JsonValue[];
  /** Bearer token; undefined for an anonymous call. */
  readonly token: string | undefined;
}

/** The response of a call. */
export type Answer =
  | { readonly ok: true; readonly messages: readonly JsonValue[] }
  | { readonly ok: false; readonly code: Code };

/** A program that speaks one protocol with the server. */
export interface Client {
  /** Program and protocol, for the printed table. */
  readonly name: string;
  call(call: Call): Promise<Answer>;
  close(): void;
}
