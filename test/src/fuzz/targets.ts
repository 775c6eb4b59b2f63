import { authHeaders, authHeadersRoundTrip } from "./auth-headers.js";
import { bearer } from "./bearer.js";
import { claimsMapping } from "./claims.js";
import { gatewayHeaders } from "./gateway-headers.js";
import { generatorRequests } from "./generator-requests.js";
import { patterns } from "./patterns.js";
import type { FuzzTarget } from "./target.js";

/** Everything that takes input from outside. */
export const fuzzTargets: readonly FuzzTarget[] = [
  bearer,
  claimsMapping,
  gatewayHeaders,
  authHeaders,
  authHeadersRoundTrip,
  patterns,
  generatorRequests,
];
