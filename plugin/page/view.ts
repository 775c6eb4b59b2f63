import type { AskedCaller } from "./answer.js";

/** The choices of the reader. An empty text means no choice. */
export interface View {
  readonly text: string;
  readonly service: string;
  readonly access: string;
  readonly role: string;
  readonly scope: string;
  readonly permission: string;
  readonly view: string;
  readonly caller: AskedCaller["kind"] | "";
  readonly roles: readonly string[];
  readonly scopes: readonly string[];
  readonly permissions: readonly string[];
  readonly acr: string;
  readonly age: string;
  readonly credential: string;
  /** Whether only methods are shown that the caller may call. */
  readonly callable: boolean;
}

const single = ["text", "service", "access", "role", "scope", "permission", "view", "caller"] as const;
const authentication = ["acr", "age", "credential"] as const;
const lists = ["roles", "scopes", "permissions"] as const;

/**
 * Returns the choices as the fragment of a link.
 *
 * @example
 * printView(view); // "#access=requires&caller=signed-in&roles=support"
 */
export function printView(view: View): string {
  const parameters = new URLSearchParams();
  for (const name of single) if (view[name] !== "" && view[name] !== "list") parameters.set(name, view[name]);
  const hasNames = view.caller === "signed-in" || view.caller === "internal";
  if (hasNames) for (const name of authentication) if (view[name] !== "") parameters.set(name, view[name]);
  if (hasNames) for (const name of lists) for (const held of view[name]) parameters.append(name, held);
  if (view.callable && view.caller !== "") parameters.set("callable", "1");
  return `#${parameters}`;
}

/** Reads the fragment of a link. Choices that the report does not have are left to the controls. */
export function readView(fragment: string): View {
  const parameters = new URLSearchParams(fragment.slice(1));
  const get = (name: string) => parameters.get(name) ?? "";
  return {
    text: get("text"),
    service: get("service"),
    access: get("access"),
    role: get("role"),
    scope: get("scope"),
    permission: get("permission"),
    view: get("view") || "list",
    caller: get("caller") as View["caller"],
    roles: parameters.getAll("roles"),
    scopes: parameters.getAll("scopes"),
    permissions: parameters.getAll("permissions"),
    ...{ acr: get("acr"), age: get("age"), credential: get("credential") },
    callable: parameters.has("callable"),
  };
}
