import type { DescMethod, JsonValue } from "@bufbuild/protobuf";
import type { Code } from "@connectrpc/connect";

/** A call as the demo describes it: any method, messages as JSON. */
export interface Call {
  readonly method: DescMethod;
  readonly messages: readonly JsonValue[];
  /** Bearer token; undefined for an anonymous call. */
  readonly token: string | undefined;
}

/** What came back. */
export type Answer =
  | { readonly ok: true; readonly messages: readonly JsonValue[] }
  | { readonly ok: false; readonly code: Code };

/** A program that speaks one protocol with the server. */
export interface Client {
  /** For the table: which program, which protocol. */
  readonly name: string;
  call(call: Call): Promise<Answer>;
  close(): void;
}
