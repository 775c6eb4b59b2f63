/**
 * Who may call one method.
 *
 * - `public`: anybody, without authentication.
 * - `internal`: a caller that the server's internal trust vouched for, who also
 *   meets `roles` and `scopes`.
 * - `requires`: an authenticated caller with at least one of `roles` (when any
 *   are listed) and all of `scopes`.
 * - `allow`: this layer adds nothing to what authentication demands.
 * - `deny`: nobody.
 * - `unspecified`: the schema says nothing; the server's rules decide.
 */
export type MethodPolicy =
  | { readonly access: "public" | "allow" | "deny" | "unspecified" }
  | {
      readonly access: "requires" | "internal";
      readonly roles: readonly string[];
      readonly scopes: readonly string[];
    };

/** The access policy of one service: what `protoc-gen-connectum-auth` generates. */
export interface ServicePolicy {
  /** Fully qualified name of the service, for example `shop.v1.OrderService`. */
  readonly typeName: string;
  /** A row for every method of the service, by its name in the schema. */
  readonly methods: { readonly [method: string]: MethodPolicy };
}

/** Method names of a table: `"GetOrder" | "CancelOrder"`. */
export type MethodOf<T extends ServicePolicy> = keyof T["methods"] & string;

/** Methods of a table as they appear in paths and patterns: `"shop.v1.OrderService/GetOrder"`. */
export type MethodPathOf<T extends ServicePolicy> = T extends ServicePolicy ? `${T["typeName"]}/${MethodOf<T>}` : never;

/**
 * Method patterns that a table can answer to, for rules whose misspelled methods do not compile:
 * `AuthzRule<MethodPatternOf<typeof OrderServicePolicy>>`.
 */
export type MethodPatternOf<T extends ServicePolicy> =
  | MethodPathOf<T>
  | (T extends ServicePolicy ? `${T["typeName"]}/${string}*` : never);

/** Roles that a table asks for anywhere: `"admin" | "support"`. */
export type RoleOf<T extends ServicePolicy> = Listed<T, "roles">;

/** Scopes that a table asks for anywhere. */
export type ScopeOf<T extends ServicePolicy> = Listed<T, "scopes">;

/** Public methods of a table: `"shop.v1.OrderService/ListProducts"`. */
export type PublicMethodOf<T extends ServicePolicy> = WithAccess<T, "public">;

/** Internal methods of a table. */
export type InternalMethodOf<T extends ServicePolicy> = WithAccess<T, "internal">;

type Rows<T extends ServicePolicy> = T extends ServicePolicy ? T["methods"][MethodOf<T>] : never;

type Listed<T extends ServicePolicy, K extends "roles" | "scopes"> =
  Rows<T> extends infer Row ? (Row extends { readonly [P in K]: readonly (infer Name)[] } ? Name : never) : never;

type WithAccess<T extends ServicePolicy, A extends MethodPolicy["access"]> = T extends ServicePolicy
  ? {
      [M in MethodOf<T>]: T["methods"][M] extends { readonly access: A } ? `${T["typeName"]}/${M}` : never;
    }[MethodOf<T>]
  : never;
