import type { ServiceImpl } from "@connectrpc/connect";
import { requireAuthContext } from "@connectum/auth";
import type { UserService } from "../gen/shop/v1/user_pb.js";
import { people } from "../people.js";

export const userService: ServiceImpl<typeof UserService> = {
  getMe() {
    const { subject, name = subject, roles } = requireAuthContext();
    return { caller: subject, name, roles: [...roles] };
  },

  listUsers: () => ({ subjects: people.map(({ subject }) => subject), caller: requireAuthContext().subject }),

  // Unreachable: the method's access is "deny".
  deleteUser: () => ({}),
};
