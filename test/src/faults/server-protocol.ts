import type { Revocation } from "@connectum/auth";

/** How an instance is started: the only argument of its process, as JSON. */
export interface ServerConfig {
  readonly issuers: readonly { readonly issuer: string; readonly jwksUri: string }[];
  readonly audience: string;
  readonly storeUrl: string;
  readonly sessionsUrl: string;
}

/** A moment by the machine's clock, and by the wall clock of the instance. Milliseconds since the epoch. */
export interface Moment {
  readonly real: number;
  readonly wall: number;
}

/** When a handler started; for a stream of the client, also when it answered. Travels as the text of the answer. */
export interface HandlerReport extends Moment {
  readonly end?: Moment;
}

/** What the driver tells an instance to do. */
export type Command = { readonly id: number } & (
  | { readonly do: "step"; readonly by: number }
  | { readonly do: "measure" }
  | { readonly do: "revoke"; readonly what: Revocation }
);

/** What the instance answers. Number 0 says that it is ready. */
export interface Reply {
  readonly id: number;
  readonly urls?: readonly string[];
  /** After a collection, in bytes. */
  readonly memory?: { readonly heap: number; readonly rss: number };
  /** Rejections that nobody handled. */
  readonly rejections?: number;
  /** Handlers that started for a caller who had given up, or whose deadline had passed. */
  readonly lateHandlers?: number;
  /** When the revocation took effect in the instance. */
  readonly applied?: Moment;
  /** Whether the store took the revocation. */
  readonly taken?: boolean;
}
