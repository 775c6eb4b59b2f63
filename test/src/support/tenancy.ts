import { type ConnectRouter, createClient, type Transport } from "@connectrpc/connect";
import { type AuthContextInit, type AuthScheme, credentials } from "@connectum/auth";
import { AccountService, DocumentService, NoteService } from "../gen/tenancy/v1/tenancy_pb.js";

/** The messages that handlers received, in order. */
export interface Received {
  readonly texts: string[];
}

/** The services of the tenancy proto. Handlers record the messages that reach them. */
export function tenancyRoutes(received: Received): (router: ConnectRouter) => void {
  const note = (one: { tenantId: string; text: string }) => {
    received.texts.push(one.text);
    return { tenantId: one.tenantId, text: one.text };
  };
  async function* each<T>(requests: AsyncIterable<T>) {
    for await (const request of requests) {
      received.texts.push(
        "accountId" in (request as object) ? String((request as { accountId: string }).accountId) : "",
      );
      yield {};
    }
  }
  return (router) => {
    router.service(NoteService, {
      unary: note,
      async *serverStream(request) {
        yield note(request);
      },
      async clientStream(requests) {
        const notes = [];
        for await (const one of requests) notes.push(note(one));
        return { notes };
      },
      async *bidiStream(requests) {
        for await (const one of requests) yield note(one);
      },
      batch({ notes }) {
        for (const one of notes) note(one);
        return {};
      },
      quota: () => ({}),
      health: () => ({}),
    });
    router.service(AccountService, {
      read: () => ({}),
      write: () => ({}),
      async *watch() {
        yield {};
      },
      async upload(requests) {
        for await (const _ of each(requests));
        return {};
      },
      chat: each,
      updateRole: () => ({}),
      byNumber: () => ({}),
      list: () => ({}),
      ping: () => ({}),
    });
    router.service(DocumentService, {
      read: () => ({}),
      write: () => ({}),
      share: () => ({}),
      purge: () => ({}),
    });
  };
}

/** Callers by token: the token is the JSON of an identity. */
export const jsonScheme: AuthScheme = credentials({
  verifyCredentials: (token) => JSON.parse(Buffer.from(token, "base64url").toString()) as AuthContextInit,
  cache: false,
});

/** Headers of a call by a caller. */
export function asCaller(identity: AuthContextInit): Record<string, string> {
  return { authorization: `Bearer ${Buffer.from(JSON.stringify(identity)).toString("base64url")}` };
}

/** Clients of the services. */
export function tenancyClients(transport: Transport) {
  return {
    notes: createClient(NoteService, transport),
    accounts: createClient(AccountService, transport),
    documents: createClient(DocumentService, transport),
  };
}
