import { createInternalAuthInterceptor, getInternalMethods, meshIdentityTrust } from "@connectum/auth";
import { policies } from "./gen/auth_policies.js";

export const internal = createInternalAuthInterceptor({
  trust: meshIdentityTrust({
    allow: ["spiffe://cluster.local/ns/shop/sa/orders", "spiffe://cluster.local/ns/billing/*"],
    trustSource: { peerAddresses: ["127.0.0.0/8", "::1"] },
  }),
  methods: getInternalMethods(policies),
});
