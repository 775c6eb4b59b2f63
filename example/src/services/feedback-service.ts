import type { ServiceImpl } from "@connectrpc/connect";
import { authContextKey } from "@connectum/auth";
import type { FeedbackService } from "../gen/shop/v1/user_pb.js";

export const feedbackService: ServiceImpl<typeof FeedbackService> = {
  // The other way to ask who is calling: without AsyncLocalStorage, from the call's own context values.
  sendFeedback: (_, { values }) => ({ caller: values.get(authContextKey)?.subject ?? "" }),
};
