import { Code, ConnectError, createClient, createRouterTransport } from "@connectrpc/connect";
import { type Auth, type CreateAuthOptions, createAuth } from "@connectum/auth";
import { EchoServicePolicy } from "../gen/lab/v1/lab_auth.js";
import { EchoService } from "../gen/lab/v1/lab_pb.js";
import { labRoutes } from "../support/lab.js";

/** One instance of a service. */
export interface Instance extends Auth {
  /** Who the caller with this Bearer token is, or the code of the refusal. */
  call(token: string): Promise<string>;
}

export function startInstance(options: Omit<CreateAuthOptions, "policies">): Instance {
  const auth = createAuth({ policies: [EchoServicePolicy], ...options });
  const transport = createRouterTransport(labRoutes(), { router: { interceptors: auth.interceptors } });
  const echo = createClient(EchoService, transport);
  return {
    ...auth,
    call: (token) =>
      echo.unary({ text: "x" }, { headers: { authorization: `Bearer ${token}` } }).then(
        ({ subject }) => subject,
        (error) => Code[ConnectError.from(error).code] as string,
      ),
  };
}

/** A store in memory that can fail. */
export class TestStore {
  readonly entries: Map<string, string> = new Map();
  behaviour: "well" | "failing" | "hanging" | "refusing" = "well";
  reads = 0;

  get(key: string): unknown {
    this.reads++;
    return this.#answer(() => this.entries.get(key));
  }

  set(key: string, value: string): unknown {
    return this.behaviour === "refusing" ? false : this.#answer(() => this.entries.set(key, value));
  }

  delete(key: string): unknown {
    return this.#answer(() => this.entries.delete(key));
  }

  #answer(answer: () => unknown): unknown {
    if (this.behaviour === "hanging") return new Promise(() => {});
    if (this.behaviour === "failing") return Promise.reject(new Error("ECONNREFUSED"));
    return answer();
  }
}
