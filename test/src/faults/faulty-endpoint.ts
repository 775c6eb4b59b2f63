import type { IncomingMessage, ServerResponse } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { startHttpServer } from "../servers/http-server.js";
import { Timeline } from "./timeline.js";

/** How an endpoint fails. */
export const endpointFaults = [
  "closed",
  "hang",
  "reset",
  "garbage",
  "drip",
  "endless",
  "500",
  "redirect",
  "empty",
  "huge",
] as const;
export type EndpointFault = (typeof endpointFaults)[number];

/** An HTTP endpoint that answers well, or fails in a chosen way. */
export interface FaultyEndpoint {
  readonly url: string;
  readonly health: Timeline<"well" | EndpointFault>;
  readonly requests: number;
  /** Connections that are open now. */
  connections(): Promise<number>;
  behave(how: "well" | EndpointFault): Promise<void>;
  stop(): Promise<void>;
}

/** What the endpoint answers, by the path of the request. */
export interface GoodAnswer {
  readonly status?: number;
  readonly body: string;
  /** Called when the whole answer has been sent. */
  readonly sent?: () => void;
}

/**
 * @param answer - the answer while the endpoint is well.
 * @param oversized - an answer that is well-formed, but much too large.
 */
export async function startFaultyEndpoint(
  answer: (path: string) => GoodAnswer,
  oversized: () => string,
): Promise<FaultyEndpoint> {
  const health = new Timeline<"well" | EndpointFault>("well");
  let requests = 0;
  const server = await startHttpServer((request, response) => {
    requests++;
    // A client that gives up resets the connection: that is its right.
    response.on("error", () => {});
    void respond(health.current, request, response);
  });

  async function respond(how: "well" | EndpointFault, request: IncomingMessage, response: ServerResponse) {
    if (how === "hang") return;
    if (how === "reset" || how === "closed") response.destroy();
    else if (how === "garbage") response.end("<html>\ufffd</html>");
    else if (how === "500") response.writeHead(500).end("x".repeat(200_000));
    else if (how === "redirect") response.writeHead(302, { location: request.url ?? "" }).end("moved");
    else if (how === "empty") response.end('{"keys":[]}');
    else if (how === "huge") response.end(oversized());
    else if (how === "drip") await drip(response, answer(request.url ?? "").body);
    else if (how === "endless") await sendWithoutEnd(response);
    else {
      const { status = 200, body, sent } = answer(request.url ?? "");
      response.writeHead(status, { "content-type": "application/json" }).end(body, sent);
    }
  }

  return {
    url: server.url,
    health,
    get requests() {
      return requests;
    },
    connections: server.connections,
    async behave(how) {
      if (how !== "well") health.set(how);
      if (how === "closed") await server.stop();
      else await server.restart();
      if (how === "well") health.set(how);
    },
    stop: server.stop,
  };
}

/** The head of the answer at once, then a byte per second. */
async function drip(response: ServerResponse, body: string): Promise<void> {
  response.writeHead(200, { "content-type": "application/json" });
  for (const character of body) {
    if (response.destroyed) return;
    response.write(character);
    await sleep(1_000, undefined, { ref: false });
  }
  response.end();
}

/** Some 30 MB a second, as long as somebody reads. */
async function sendWithoutEnd(response: ServerResponse): Promise<void> {
  const chunk = " ".repeat(64 * 1024);
  response.writeHead(200, { "content-type": "application/json" });
  while (!response.destroyed) {
    response.write(chunk);
    await sleep(2, undefined, { ref: false });
  }
}
