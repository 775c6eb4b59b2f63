import type { Message } from "@bufbuild/protobuf";
import { Code, ConnectError, type StreamRequest } from "@connectrpc/connect";
import type { AnyRequest } from "../platform/any-request.js";
import { iterateBy } from "./message-stream.js";

/** Returns the request message of a unary or server-streaming call, and the request with the message still in it. */
export async function messageOf(req: AnyRequest): Promise<[Message | undefined, AnyRequest]> {
  if (!req.stream) return [req.message, req];
  if (req.method.methodKind !== "server_streaming") return [undefined, req];
  const it: AsyncIterator<Message> = req.message[Symbol.asyncIterator]();
  const first = await it.next();
  if (first.done) throw new ConnectError("protocol error: missing input message", Code.Unimplemented);
  const pending = [first];
  const message = iterateBy(it, async () => pending.pop() ?? it.next());
  return [first.value, { ...req, message } as StreamRequest];
}
