import { checkEach } from "../call/message-stream.js";
import type { Check } from "./verdict.js";

/** Ends the stream at the first refused message. The handler does not receive that message. */
export const guardMessages: NonNullable<Check["guard"]> = (messages, context, requestOf, runAll) =>
  checkEach(messages, (message) => {
    const request = requestOf(message);
    return runAll(({ runOnMessage = () => true }) => runOnMessage(context, message, request), request.resource);
  });
