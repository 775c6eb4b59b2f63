import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";

/** A server that can be taken off its address and put back. */
export interface TestHttpServer {
  readonly url: string;
  /** What answers; can be replaced while the server runs. */
  listener: RequestListener;
  /** How many connections are open. */
  connections(): Promise<number>;
  /** Cuts all connections and closes the port. */
  stop(): Promise<void>;
  /** Listens on the same port again. */
  restart(): Promise<void>;
}

/** Starts a server on loopback. */
export async function startHttpServer(listener: RequestListener): Promise<TestHttpServer> {
  let isUp = false;
  const server = createServer((request, response) => started.listener(request, response));
  async function listen(port: number): Promise<number> {
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject).listen(port, "127.0.0.1", () => resolve(void server.off("error", reject)));
    });
    isUp = true;
    return (server.address() as AddressInfo).port;
  }
  const port = await listen(0);
  const started: TestHttpServer = {
    url: `http://127.0.0.1:${port}`,
    listener,
    connections: () =>
      new Promise((resolve, reject) => {
        server.getConnections((error, count) => (error === null ? resolve(count) : reject(error)));
      }),
    async stop() {
      if (!isUp) return;
      isUp = false;
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
    async restart() {
      if (!isUp) await listen(port);
    },
  };
  return started;
}
