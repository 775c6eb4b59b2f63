import { createTestJwt } from "@connectum/auth/testing";
import { by } from "./authentication.js";
import { gatewayAt, issuer, jwtWith, type Mistake, right, userId } from "./mistake.js";

/** These mistakes show themselves in production alone. */
export const productionMistakes: Readonly<Record<string, readonly Mistake[]>> = {
  algorithm: [
    {
      wiring: jwtWith({ algorithms: ["ES256"] }),
      fix: { wiring: right },
    },
    {
      wiring: right,
      headers: async () => ({ authorization: `Bearer ${await createTestJwt({ iss: issuer, aud: "shop" })}` }),
      fix: { headers: () => by({}) },
    },
  ],
  gateway: [{ wiring: gatewayAt("10.0.0.0/8"), headers: userId, fix: { wiring: gatewayAt("127.0.0.0/8") } }],
  "gateway without recordPeer": [
    { wiring: gatewayAt("127.0.0.0/8", false), headers: userId, fix: { wiring: gatewayAt("127.0.0.0/8") } },
  ],
};
