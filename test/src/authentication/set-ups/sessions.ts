/** Stands for a session framework. */
export const sessions = {
  async find(token: string | undefined, headers: Headers) {
    if (token !== "s3cr3t" || headers.get("cookie") === null) return null;
    return { user: { id: "ada", name: "Ada", roles: ["admin"] }, expiresAt: new Date(Date.now() + 60_000) };
  },
};

/** Stands for a table of API keys. */
export const apiKeys = {
  async find(key: string) {
    return key === "key-1" ? { owner: "ada", scopes: ["lab:read", "lab:write"] } : undefined;
  },
};
