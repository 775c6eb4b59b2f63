import type { ServiceImpl } from "@connectrpc/connect";
import { authContextKey } from "@connectum/auth";
import type { FeedbackService } from "../gen/shop/v1/user_pb.js";

export const feedbackService: ServiceImpl<typeof FeedbackService> = {
  // An alternative to requireAuthContext(): reads the caller from the context values, without AsyncLocalStorage.
  sendFeedback: (_, { values }) => ({ caller: values.get(authContextKey)?.subject ?? "" }),
};
