import { betterAuth } from "better-auth";
import { Kysely, SqliteDialect } from "kysely";
import Database from "libsql";

/** Accounts and sessions of better-auth, in an embedded SQLite. */
export interface BetterAuthServer {
  /** Creates an account; returns the `Cookie` header of its session. */
  signUp(name: string): Promise<string>;
  signOut(cookie: string): Promise<void>;
  /** The session that the headers belong to, as better-auth's documentation has servers ask. */
  getSession(headers: Headers): Promise<{ user: { id: string; name: string }; session: { expiresAt: Date } } | null>;
  stop(): void;
}

export async function startBetterAuth(): Promise<BetterAuthServer> {
  const database = new Database(":memory:");
  const auth = betterAuth({
    database: { db: new Kysely({ dialect: new SqliteDialect({ database }) }), type: "sqlite" },
    secret: "Zk3vWq8sJx1pTn6rLd9yHb4mGc7fQa2e",
    baseURL: "http://127.0.0.1",
    emailAndPassword: { enabled: true },
    rateLimit: { enabled: false },
    telemetry: { enabled: false },
    logger: { disabled: true },
  });
  await (await auth.$context).runMigrations();
  return {
    async signUp(name) {
      const body = { email: `${name}@example.com`, password: "correct horse battery", name };
      const response = await auth.api.signUpEmail({ body, asResponse: true });
      return response.headers
        .getSetCookie()
        .map((cookie) => cookie.split(";")[0])
        .join("; ");
    },
    async signOut(cookie) {
      await auth.api.signOut({ headers: new Headers({ cookie }) });
    },
    getSession: (headers) => auth.api.getSession({ headers }),
    stop: () => database.close(),
  };
}
