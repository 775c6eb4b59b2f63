import { createAuth, session } from "@connectum/auth";
import { policies } from "./gen/auth_policies.js";
import { sessions } from "./sessions.js";

export const auth = createAuth({
  policies,
  authenticate: session({
    cookie: "session",
    verifySession: (token, headers) => sessions.find(token, headers),
    mapSession: ({ user, expiresAt }) => ({ subject: user.id, name: user.name, roles: user.roles, expiresAt }),
    cache: { ttl: 30_000 },
  }),
});
