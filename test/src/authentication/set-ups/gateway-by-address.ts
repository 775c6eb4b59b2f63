import { createAuth, gateway, recordPeer } from "@connectum/auth";
import { policies } from "./gen/auth_policies.js";

const auth = createAuth({
  policies,
  authenticate: gateway({
    headerMapping: { subject: "x-user-id" },
    trustSource: { peerAddresses: ["127.0.0.1", "::1"] },
  }),
});

/** For connectNodeAdapter({ ...options, routes }). */
export const options = { ...auth, contextValues: recordPeer };
