import type { Interceptor, StreamRequest, StreamResponse } from "@connectrpc/connect";

type Messages = StreamRequest["message"];

/**
 * Makes a streaming call, and makes it once more if it is refused at its beginning: by its headers, or in the place of the first
 * message. Only a call with one message to the server is repeated; other messages may be sent already.
 *
 * @param isRefused - returns true for a refusal that a second attempt may change.
 */
export async function callStream(
  req: StreamRequest,
  call: ReturnType<Interceptor>,
  isRefused: (error: unknown) => boolean,
): Promise<StreamResponse> {
  const sent = req.method.methodKind === "server_streaming" ? await collect(req.message) : undefined;
  const attempt = async () =>
    (await call(sent === undefined ? req : { ...req, message: iterate(sent) })) as StreamResponse;

  async function* follow(first: StreamResponse): Messages {
    let isBegun = false;
    try {
      for await (const message of first.message) {
        isBegun = true;
        yield message;
      }
    } catch (error) {
      // Looks at every error: the next call needs the nonce as well.
      if (isBegun || !isRefused(error) || sent === undefined) throw error;
      const second = await attempt();
      yield* second.message;
      for (const [name, value] of second.trailer) first.trailer.set(name, value);
    }
  }

  const first = await attempt().catch((error: unknown) => {
    if (isRefused(error) && sent !== undefined) return undefined;
    throw error;
  });
  return first === undefined ? attempt() : { ...first, message: follow(first) };
}

async function collect(messages: Messages): Promise<object[]> {
  const list: object[] = [];
  for await (const message of messages) list.push(message);
  return list;
}

async function* iterate(list: readonly object[]): Messages {
  yield* list as never[];
}
