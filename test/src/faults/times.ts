/** How the servers under test are configured, in milliseconds: everything happens in seconds, not hours. */
export const times = {
  keySet: { maxAge: 3_000, maxStale: 20_000, cooldown: 500, timeout: 1_500 },
  tokenCache: 10_000,
  sessionCache: 2_000,
  sessionTimeout: 1_000,
  storeTimeout: 600,
  revocationInterval: 1_000,
} as const;

export const sessionCookie = "sid";
