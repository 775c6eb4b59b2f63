import { checkEach } from "../call/message-stream.js";
import type { Question } from "./verdict.js";

/** A message that a check refuses does not reach the handler, and ends the stream. */
export const guardMessages: NonNullable<Question["guard"]> = (messages, context, request, put) =>
  checkEach(messages, (message) => put(({ askOfMessage = () => true }) => askOfMessage(context, message, request)));
