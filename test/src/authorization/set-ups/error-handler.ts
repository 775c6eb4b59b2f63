import { ConnectError, type Interceptor } from "@connectrpc/connect";
import { AuthzDeniedError } from "@connectum/auth";

export const denials: unknown[] = [];

/** Goes first in the chain. */
export const errorHandler: Interceptor = (next) => async (req) => {
  try {
    return await next(req);
  } catch (error) {
    if (!(error instanceof AuthzDeniedError)) throw error;
    denials.push(error.serverDetails);
    throw new ConnectError(error.clientMessage, error.code, error.metadata);
  }
};
