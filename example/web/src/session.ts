import type { Transport } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-web";
import type { Person, SignedIn } from "../../src/people.js";

/** The URL of the shop: the page's origin. Vite's development server sets another in `.env.development`. */
const shopUrl: string = import.meta.env["VITE_SHOP_URL"] ?? location.origin;

/** The user of the page, and a transport with their token. */
export interface Session {
  /** Undefined before a sign-in. */
  readonly person: Person | undefined;
  readonly transport: Transport;
}

/** Returns the people that can sign in. */
export async function listPeople(): Promise<readonly Person[]> {
  const response = await fetch(new URL("/sign-in", shopUrl));
  return (await response.json()) as readonly Person[];
}

/** @param subject - the person to sign in; undefined for an anonymous session. */
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
