import { bufCurl } from "../clients/buf-curl.js";
import type { Client } from "../clients/client.js";
import { connectEs, connectEsGrpc, connectEsGrpcWeb } from "../clients/connect-es.js";
import { grpcJs } from "../clients/grpc-js.js";
import type { ShopServer } from "../server.js";

export type ClientKey = "curlConnect" | "curlGrpc" | "curlGrpcWeb" | "grpcJs" | "esConnect" | "esGrpc" | "esGrpcWeb";

/** All client programs, with each protocol they support. */
export function createClients(
  { http1Url, http2Url }: Pick<ShopServer, "http1Url" | "http2Url">,
  schema: string,
): Readonly<Record<ClientKey, Client>> {
  return {
    curlConnect: bufCurl("connect", http2Url, schema),
    curlGrpc: bufCurl("grpc", http2Url, schema),
    curlGrpcWeb: bufCurl("grpcweb", http2Url, schema),
    grpcJs: grpcJs(http2Url),
    esConnect: connectEs(http1Url),
    esGrpc: connectEsGrpc(http2Url),
    esGrpcWeb: connectEsGrpcWeb(http2Url),
  };
}
