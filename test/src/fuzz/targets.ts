import { authHeaders, authHeadersRoundTrip } from "./auth-headers.js";
import { bearer } from "./bearer.js";
import { claimsMapping } from "./claims.js";
import { gatewayHeaders, gatewayLists, gatewayPayload } from "./gateway-headers.js";
import { generatorRequests } from "./generator-requests.js";
import { patterns } from "./patterns.js";
import type { FuzzTarget } from "./target.js";

/** Everything that takes input from outside. */
export const fuzzTargets: readonly FuzzTarget[] = [
  bearer,
  claimsMapping,
  gatewayHeaders,
  gatewayLists,
  gatewayPayload,
  authHeaders,
  authHeadersRoundTrip,
  patterns,
  generatorRequests,
];
