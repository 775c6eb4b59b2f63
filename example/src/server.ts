import * as http from "node:http";
import * as http2 from "node:http2";
import type { AddressInfo } from "node:net";
import type { ConnectRouter } from "@connectrpc/connect";
import { connectNodeAdapter } from "@connectrpc/connect-node";
import { createShopAuth, policies, type ShopAuthOptions } from "./access.js";
import { assertCovered } from "./assert-covered.js";
import { OrderService } from "./gen/shop/v1/order_pb.js";
import { StockService } from "./gen/shop/v1/stock_pb.js";
import { FeedbackService, UserService } from "./gen/shop/v1/user_pb.js";
import type { IdentityProvider } from "./identity-provider.js";
import { sampleOrders } from "./orders.js";
import { feedbackService } from "./services/feedback-service.js";
import { createOrderService } from "./services/order-service.js";
import { createStockService } from "./services/stock-service.js";
import { userService } from "./services/user-service.js";
import { withCors } from "./web/cors.js";
import { withPage } from "./web/page.js";

/** A running shop. */
export interface ShopServer {
  /** Connect, gRPC and gRPC-Web over HTTP/2 without TLS. */
  readonly http2Url: string;
  /** Connect and gRPC-Web over HTTP/1.1 for pages of any origin, the web page, and its `/sign-in`. */
  readonly http1Url: string;
  close(): Promise<void>;
}

export interface ShopServerOptions extends Pick<ShopAuthOptions, "onDecision"> {
  readonly identityProvider: IdentityProvider;
  /** Port for HTTP/2; HTTP/1.1 uses the next one. 0: any two free ports. Default: 0. */
  readonly port?: number;
}

/** @throws Error with code `EADDRINUSE` if another process uses a port. */
export async function startServer({ identityProvider, port = 0, ...audit }: ShopServerOptions): Promise<ShopServer> {
  const orders = sampleOrders();
  const auth = createShopAuth({ identityProvider, orders, ...audit });
  const handler = connectNodeAdapter({
    ...auth,
    routes(router: ConnectRouter) {
      router
        .service(OrderService, createOrderService(orders))
        .service(UserService, userService)
        .service(FeedbackService, feedbackService)
        .service(StockService, createStockService());
      assertCovered(
        policies,
        router.handlers.map(({ service }) => service),
      );
    },
  });
  const h2 = http2.createServer(handler);
  const h1 = http.createServer(withCors(withPage(identityProvider, handler)));
  const sessions = new Set<http2.ServerHttp2Session>();
  h2.on("session", (session) => {
    sessions.add(session);
    session.once("close", () => sessions.delete(session));
  });
  async function close() {
    h1.closeAllConnections();
    for (const session of sessions) session.destroy();
    await Promise.all([h1, h2].map((server) => new Promise((resolve) => server.close(resolve))));
  }
  try {
    const http2Url = await listen(h2, port);
    const http1Url = await listen(h1, port === 0 ? 0 : port + 1);
    return { http2Url, http1Url, close };
  } catch (error) {
    await close();
    throw error;
  }
}

function listen(server: http.Server | http2.Http2Server, port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", () => resolve(`http://127.0.0.1:${(server.address() as AddressInfo).port}`));
  });
}
