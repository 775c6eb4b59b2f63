import { createProtoAuthzInterceptor } from "@connectum/auth";
import { policies } from "./gen/auth_policies.js";

export const authorization = createProtoAuthzInterceptor({
  policies,
  // An admin can do what an editor can, and an editor what a viewer can.
  roles: { admin: ["editor"], editor: ["viewer"] },
  // orders:* covers orders:write.
  matchScope: (required, granted) =>
    granted === required || (granted.endsWith(":*") && required.startsWith(granted.slice(0, -1))),
});
