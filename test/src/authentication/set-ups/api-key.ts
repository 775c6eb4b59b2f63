import { createAuth, credentials } from "@connectum/auth";
import { policies } from "./gen/auth_policies.js";
import { apiKeys } from "./sessions.js";

export const auth = createAuth({
  policies,
  authenticate: credentials({
    name: "api-key",
    extractCredentials: (headers) => headers.get("x-api-key"),
    async verifyCredentials(key) {
      const found = await apiKeys.find(key);
      return found && { subject: found.owner, scopes: found.scopes };
    },
  }),
});
