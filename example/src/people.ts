/** Somebody with an account. Roles are the person's, scopes what a token of theirs may do at most. */
export interface Person {
  readonly subject: string;
  readonly name: string;
  readonly roles: readonly string[];
  readonly scopes: readonly string[];
}

export const carol: Person = {
  subject: "carol",
  name: "Carol Customer",
  roles: ["customer"],
  scopes: ["orders:read", "orders:write"],
};

export const sam: Person = {
  subject: "sam",
  name: "Sam Support",
  roles: ["support"],
  scopes: ["orders:read", "orders:write"],
};

export const ada: Person = {
  subject: "ada",
  name: "Ada Admin",
  roles: ["admin"],
  scopes: ["orders:read"],
};

export const people: readonly Person[] = [carol, sam, ada];

/** What signing in at the example's server yields. */
export interface SignedIn extends Person {
  readonly token: string;
}
