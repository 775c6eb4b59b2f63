import type { Transport } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-web";
import type { Person, SignedIn } from "../../src/people.js";

/** Where the shop is: where the page comes from, except with Vite's own server; see `.env.development`. */
const shopUrl: string = import.meta.env["VITE_SHOP_URL"] ?? location.origin;

/** Who uses the page, and how to call the shop as them. */
export interface Session {
  /** Undefined where nobody has signed in. */
  readonly person: Person | undefined;
  readonly transport: Transport;
}

/** Everybody who can sign in. */
export async function listPeople(): Promise<readonly Person[]> {
  const response = await fetch(new URL("/sign-in", shopUrl));
  return (await response.json()) as readonly Person[];
}

/** @param subject - who signs in; undefined for a session of nobody. */
export async function startSession(subject: string | undefined): Promise<Session> {
  if (subject === undefined) return { person: undefined, transport: createTransport(undefined) };
  const response = await fetch(new URL("/sign-in", shopUrl), { method: "POST", body: subject });
  if (!response.ok) throw new Error(`signing in failed: ${response.status}`);
  const person = (await response.json()) as SignedIn;
  return { person, transport: createTransport(person.token) };
}

function createTransport(token: string | undefined): Transport {
  return createConnectTransport({
    baseUrl: shopUrl,
    interceptors: [
      (next) => (request) => {
        if (token !== undefined) request.header.set("authorization", `Bearer ${token}`);
        return next(request);
      },
    ],
  });
}
