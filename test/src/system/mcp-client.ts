import { type OAuthClientProvider, UnauthorizedError } from "@modelcontextprotocol/sdk/client/auth.js";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import type { OAuthTokens } from "@modelcontextprotocol/sdk/shared/auth.js";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import { decodeJwt } from "jose";
import { browse, type Person } from "../servers/browser.js";
import { publicClient } from "../servers/consent-provider.js";

/** A request of the client, and its answer. */
export interface Exchange {
  /** The address, or for the endpoint the method of JSON-RPC and the tool that it calls. */
  readonly request: string;
  readonly status: number;
  readonly challenge: string | null;
  /** The scopes of its token. Undefined without one. */
  readonly scope: unknown;
}

/** The client of the MCP SDK, for a person. */
export class McpClient implements OAuthClientProvider {
  /** Its requests, in order. Those of the browser are not among them. */
  readonly exchanges: Exchange[] = [];
  /** The addresses that it sent the browser to, in order. */
  readonly visits: URL[] = [];
  readonly redirectUrl = publicClient.redirect_uri;
  readonly clientMetadata = { redirect_uris: [publicClient.redirect_uri], token_endpoint_auth_method: "none" };
  readonly #client = new Client({ name: "agent", version: "1.0.0" });
  readonly #cookies = new Map<string, string>();
  #transport: StreamableHTTPClientTransport;
  #tokens: OAuthTokens | undefined;
  #verifier = "";
  #code: string | null = null;

  constructor(
    readonly endpoint: URL,
    readonly issuer: string,
    readonly person: Person,
  ) {
    this.#transport = this.#createTransport();
  }

  /** Initializes. Lets the person answer first, if the SDK asks. */
  async connect(): Promise<void> {
    // A transport starts once.
    await this.#authorized(
      () => this.#client.connect(this.#transport as Transport),
      () => {
        this.#transport = this.#createTransport();
      },
    );
  }

  async listTools(): Promise<readonly string[]> {
    return (await this.#client.listTools()).tools.map(({ name }) => name);
  }

  /** Calls a tool, and returns the text of its result. Lets the person answer if the SDK asks, and calls once more. */
  async callTool(name: string, args: Record<string, unknown> = {}): Promise<string> {
    const { content } = await this.#authorized(() => this.#client.callTool({ name, arguments: args }));
    return (content as { text: string }[]).map(({ text }) => text).join();
  }

  close(): Promise<void> {
    return this.#client.close();
  }

  async #authorized<T>(attempt: () => Promise<T>, beforeRetry = () => {}): Promise<T> {
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof UnauthorizedError) || this.#code === null) throw error;
      await this.#transport.finishAuth(this.#code);
      this.#code = null;
      beforeRetry();
      return attempt();
    }
  }

  #createTransport(): StreamableHTTPClientTransport {
    return new StreamableHTTPClientTransport(this.endpoint, {
      authProvider: this,
      fetch: async (url, init) => {
        const response = await fetch(url, init);
        const { method, params } = typeof init?.body === "string" ? JSON.parse(init.body) : {};
        const token = new Headers(init?.headers).get("authorization")?.replace("Bearer ", "");
        this.exchanges.push({
          request: method === undefined ? String(url) : [method, params?.name].filter(Boolean).join(" "),
          status: response.status,
          challenge: response.headers.get("www-authenticate"),
          scope: token && decodeJwt(token)["scope"],
        });
        return response;
      },
    });
  }

  clientInformation(): { client_id: string; issuer: string } {
    return { client_id: publicClient.client_id, issuer: this.issuer };
  }

  tokens(): OAuthTokens | undefined {
    return this.#tokens;
  }

  saveTokens(tokens: OAuthTokens): void {
    this.#tokens = tokens;
  }

  state(): string {
    return `state ${this.visits.length}`;
  }

  async redirectToAuthorization(url: URL): Promise<void> {
    this.visits.push(url);
    const { searchParams } = await browse(url, this.redirectUrl, this.person, this.#cookies);
    if (searchParams.get("state") !== url.searchParams.get("state")) throw new Error("the code of another visit");
    this.#code = searchParams.get("code");
    if (this.#code === null) throw new Error(`no code: ${searchParams}`);
  }

  saveCodeVerifier(verifier: string): void {
    this.#verifier = verifier;
  }

  codeVerifier(): string {
    return this.#verifier;
  }
}
