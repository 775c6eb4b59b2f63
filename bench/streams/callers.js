// Streams through chains of interceptors, as the benches of streams open them.
import { createContextValues } from "@connectrpc/connect";
import { createAuth, createRevocations, credentials } from "@connectum/auth";
import { requestOf } from "../support/calls.js";
import { createSchema } from "../support/schema.js";

const schema = createSchema(1, 10);
const [name] = Object.entries(schema.policies[0].methods).find(
  ([, { roles = [], scopes = [] }]) => roles.length === 1 && scopes.length === 0,
);
const [role] = schema.policies[0].methods[name].roles;
const unary = schema.services[0].methods.find((candidate) => candidate.name === name);
const method = Object.create(unary, { methodKind: { value: "server_streaming" } });
const message = {};
async function* one() {
  yield message;
}

/** The interceptors of a server whose callers have a credential that expires, and can be revoked. */
export const ours = (asyncContext) =>
  createAuth({
    policies: schema.policies,
    authenticate: credentials({
      verifyCredentials: () => ({ subject: "ada", roles: [role], expiresAt: new Date(Date.now() + 3_600_000) }),
      cache: { ttl: 600_000 },
    }),
    revocations: createRevocations(),
    asyncContext,
  }).interceptors;

/**
 * Opens a stream, and reads the client's message as connect does. Returns the request, which the server keeps, and the messages of the
 * handler.
 *
 * @param {readonly import("@connectrpc/connect").Interceptor[]} interceptors
 * @param {() => AsyncIterable<unknown>} answer
 */
export function opener(interceptors, answer) {
  const handler = async (req) => {
    for await (const _ of req.message);
    return { stream: true, message: answer() };
  };
  const call = interceptors.reduceRight((next, interceptor) => interceptor(next), handler);
  return async () => {
    const header = new Headers({ authorization: "Bearer token" });
    const { signal } = new AbortController();
    const req = { ...requestOf(method, header, createContextValues(), one()), stream: true, signal };
    return { req, messages: (await call(req)).message };
  };
}
