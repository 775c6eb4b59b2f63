import { mkdtemp, rm } from "node:fs/promises";
import * as http from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ConnectError, type Interceptor } from "@connectrpc/connect";
import { connectNodeAdapter } from "@connectrpc/connect-node";
import {
  createGatewayAuthInterceptor,
  createInternalAuthInterceptor,
  meshIdentityTrust,
  type Peer,
  peerKey,
  recordPeer,
  type TrustSource,
} from "@connectum/auth";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { labRoutes } from "../support/lab.js";
import { callHttp1, type RawHeader } from "../support/raw-call.js";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "lab-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** What a call over a Unix socket comes to: the subject or the code, why it was refused, and the peer. */
async function callOver(interceptor: Interceptor, headers: readonly RawHeader[]) {
  let cause = "";
  let peer: Peer | undefined;
  const watch: Interceptor = (next) => (req) => {
    peer = req.contextValues.get(peerKey);
    return next(req).catch((error) => {
      cause = String((ConnectError.from(error).cause as Error | undefined)?.message);
      throw error;
    });
  };
  const path = join(folder, `${Math.random()}.sock`);
  const interceptors = [watch, interceptor];
  const routes = labRoutes({ interceptors });
  const server = http.createServer(connectNodeAdapter({ routes, interceptors, contextValues: recordPeer }));
  await new Promise<void>((resolve) => server.listen(path, resolve));
  try {
    return { answer: await callHttp1({ path }, headers), cause, peer };
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

describe("a server on a Unix socket, whose peers have no address", () => {
  const secrets = "the-secret-of-the-gateway";
  const gatewayBy = (trustSource: TrustSource) =>
    createGatewayAuthInterceptor({ headerMapping: { subject: "x-user", name: "x-name" }, trustSource });
  const user: RawHeader = ["x-user", "ada"];
  const noAddress =
    "trustSource.peerAddresses: a Unix socket, or a connection that is closed, has no address; " +
    "behind a Unix socket use { header, secrets }";

  test.each<{ name: string; trustSource: TrustSource; proof: RawHeader[]; answer: string; cause: string }>([
    {
      name: "peerAddresses: nobody is trusted, and the cause says why",
      trustSource: { peerAddresses: ["127.0.0.0/8", "::1"] },
      proof: [],
      answer: "unauthenticated",
      cause: noAddress,
    },
    {
      name: "peerAddresses, which no header can change",
      trustSource: { peerAddresses: ["127.0.0.0/8", "::1"] },
      proof: [["x-forwarded-for", "127.0.0.1"]],
      answer: "unauthenticated",
      cause: noAddress,
    },
    {
      name: "a secret is trusted",
      trustSource: { header: "x-secret", secrets },
      proof: [["x-secret", secrets]],
      answer: "ada",
      cause: "",
    },
    {
      name: "another secret is not",
      trustSource: { header: "x-secret", secrets },
      proof: [["x-secret", `${secrets}x`]],
      answer: "unauthenticated",
      cause: "identity headers without proof of the gateway",
    },
    {
      name: "an address in a header is trusted, as anywhere",
      trustSource: { header: "x-real-ip", addresses: ["10.0.0.0/8"] },
      proof: [["x-real-ip", "10.0.0.1"]],
      answer: "ada",
      cause: "",
    },
    {
      name: "another address in a header is not",
      trustSource: { header: "x-real-ip", addresses: ["10.0.0.0/8"] },
      proof: [["x-real-ip", "11.0.0.1"]],
      answer: "unauthenticated",
      cause: "identity headers without proof of the gateway",
    },
  ])("$name", async ({ trustSource, proof, answer, cause }) => {
    const got = await callOver(gatewayBy(trustSource), [...proof, user]);
    expect(got).toMatchObject({ answer, cause, peer: { address: undefined } });
    expect(got.peer?.certificate()).toBeUndefined();
  });

  test("a mesh by a secret is trusted, by peerAddresses it is not", async () => {
    const workload = "spiffe://lab/ns/shop/sa/web";
    const cert: RawHeader = ["x-forwarded-client-cert", `URI=${workload}`];
    const by = (trustSource: TrustSource) =>
      createInternalAuthInterceptor({ trust: meshIdentityTrust({ allow: [workload], trustSource }) });
    const bySecret = by({ header: "x-secret", secrets });
    expect(await callOver(bySecret, [["x-secret", secrets], cert])).toMatchObject({ answer: workload });
    expect(await callOver(by({ peerAddresses: ["127.0.0.0/8"] }), [cert])).toMatchObject({
      answer: "unauthenticated",
      cause: noAddress,
    });
  });

  test("headers that came twice are known there as well", async () => {
    const interceptor = gatewayBy({ header: "x-secret", secrets });
    const proof: RawHeader = ["x-secret", secrets];
    const names: RawHeader[] = [
      ["x-name", "Lovelace"],
      ["x-name", "Ada"],
    ];
    expect(await callOver(interceptor, [proof, user, ["x-name", "Lovelace, Ada"]])).toMatchObject({ answer: "ada" });
    expect(await callOver(interceptor, [proof, user, ...names])).toMatchObject({
      answer: "unauthenticated",
      cause: "x-name: sent 2 times",
    });
  });
});
