/** A person with an account, their roles, the branch where they work, and the scopes of their tokens. */
export interface Person {
  readonly subject: string;
  readonly name: string;
  readonly roles: readonly string[];
  readonly scopes: readonly string[];
  readonly branch?: string;
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
  branch: "north",
};

export const ada: Person = {
  subject: "ada",
  name: "Ada Admin",
  roles: ["admin"],
  scopes: ["orders:read"],
  branch: "south",
};

export const people: readonly Person[] = [carol, sam, ada];

/** The response of a sign-in at the example's server. */
export interface SignedIn extends Person {
  readonly token: string;
}
