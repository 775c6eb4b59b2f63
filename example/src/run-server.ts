import { pino } from "pino";
import { audience, internalAudience } from "./access.js";
import { createAudit } from "./audit.js";
import { startIdentityProvider } from "./identity-provider.js";
import { people } from "./people.js";
import { type ShopServer, startServer } from "./server.js";

/**
 * Serves the shop until a signal stops the process. Prints commands to try first.
 *
 * @param port - for HTTP/2; HTTP/1.1 uses the next one. 0: any two free ports.
 * @returns false if the server cannot start.
 */
export async function runServer(port: number): Promise<boolean> {
  const identityProvider = await startIdentityProvider();
  try {
    const server = await startServer({ identityProvider, port, onDecision: createAudit(pino()) });
    const tokens = await Promise.all([
      ...people.map(
        async (person) => [person.subject, await identityProvider.issueToken({ ...person, audience })] as const,
      ),
      identityProvider
        .issueToken({ subject: "warehouse", audience: internalAudience })
        .then((token) => ["warehouse", token] as const),
    ]);
    console.log(introduction(server, tokens));
    await toldToStop();
    console.log("\nStopping.");
    await server.close();
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EADDRINUSE") throw error;
    console.error(
      `Port ${port} or ${port + 1} is taken. Choose another one: npm run demo -- --serve --port ${port + 100}`,
    );
    return false;
  } finally {
    await identityProvider.close();
  }
}

function introduction(
  { http2Url, http1Url }: ShopServer,
  tokens: readonly (readonly [subject: string, token: string])[],
): string {
  const call = (method: string, caller?: string, data = "{}", protocol = "connect") =>
    [
      `npx buf curl --protocol ${protocol} --http2-prior-knowledge --schema example/proto`,
      ...(caller === undefined ? [] : [`-H "authorization: Bearer $${caller.toUpperCase()}"`]),
      `-d '${data}'`,
      `${http2Url}/shop.v1.${method}`,
    ].join(" ");
  return `
The shop is open: HTTP/2 on ${http2Url}, HTTP/1.1 on ${http1Url}.

A web page to click on: ${http1Url}

Tokens, good for an hour. Paste these into a shell first:

${tokens.map(([subject, token]) => `${subject.toUpperCase()}=${token}`).join("\n")}

Calls to try in that shell, from the root of the repository.

Public, no token needed:
${call("OrderService/ListProducts")}

Requires role customer or support. A customer gets in; nobody does without a token, nor does an administrator:
${call("OrderService/GetOrder", "carol", '{"id": "1001"}', "grpc")}
${call("OrderService/GetOrder", undefined, '{"id": "1001"}', "grpc")}
${call("OrderService/GetOrder", "ada", '{"id": "1001"}', "grpc")}

Streams, from the server and both ways:
${call("OrderService/WatchOrders", "sam", "{}", "grpcweb")}
${call("OrderService/Chat", "carol", '{"text": "Hello?"} {"text": "Anybody?"}')}

Requires role customer or support and scope orders:write; the server checks that a customer's order is their own:
${call("OrderService/CancelOrder", "ada", '{"id": "1004"}')}
${call("OrderService/CancelOrder", "carol", '{"id": "1004"}')}
${call("OrderService/CancelOrder", "sam", '{"id": "1004"}')}

Denied to everybody:
${call("UserService/DeleteUser", "ada", '{"subject": "sam"}')}

For the shop's other services only:
${call("OrderService/PurgeOrders", "ada")}
${call("OrderService/PurgeOrders", "warehouse")}

Stop the server with Ctrl-C. Until then it logs every decision:
`;
}

function toldToStop(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => resolve());
  });
}
