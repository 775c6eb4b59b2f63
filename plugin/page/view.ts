import type { Caller } from "./answer.js";

/** The state of the page. The address keeps it, so that a link shows the same. */
export interface View {
  readonly text: string;
  readonly service: string;
  readonly access: string;
  /** A kind and a name, such as `role admin`. */
  readonly name: string;
  readonly layout: "list" | "matrix";
  /** The caller of the question. Undefined if it is not asked. */
  readonly caller: Caller | undefined;
  /** Whether only methods that the caller may call are shown. */
  readonly onlyCallable: boolean;
}

const kinds: readonly string[] = ["anonymous", "user", "service"] satisfies readonly Caller["kind"][];

/** Reads the state from the fragment of an address. Unknown and malformed parts count as absent. */
export function readView(fragment: string): View {
  const parameters = new URLSearchParams(fragment.replace(/^#/, ""));
  const kind = parameters.get("caller") ?? "";
  const [roles, scopes, permissions] = ["role", "scope", "permission"].map((key) => parameters.getAll(key));
  const isAsked = kinds.includes(kind);
  return {
    text: parameters.get("text") ?? "",
    service: parameters.get("service") ?? "",
    access: parameters.get("access") ?? "",
    name: parameters.get("name") ?? "",
    layout: parameters.get("layout") === "matrix" ? "matrix" : "list",
    caller: isAsked
      ? { kind: kind as Caller["kind"], roles: roles ?? [], scopes: scopes ?? [], permissions: permissions ?? [] }
      : undefined,
    onlyCallable: isAsked && parameters.has("only"),
  };
}

/** Returns the fragment of a state, without `#`. Empty for the first view. */
export function fragmentOf({ caller, layout, onlyCallable, ...texts }: View): string {
  const parameters = new URLSearchParams();
  for (const [key, value] of Object.entries(texts)) if (value !== "") parameters.set(key, value);
  if (layout === "matrix") parameters.set("layout", layout);
  if (caller) {
    parameters.set("caller", caller.kind);
    for (const role of caller.roles) parameters.append("role", role);
    for (const scope of caller.scopes) parameters.append("scope", scope);
    for (const permission of caller.permissions) parameters.append("permission", permission);
    if (onlyCallable) parameters.set("only", "1");
  }
  return String(parameters);
}
