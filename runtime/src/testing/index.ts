export { type Coverage, checkCoverage } from "./check-coverage.js";
export { checkWiring, type WiredServer, type WiringOptions } from "./check-wiring.js";
export { createMockAuthContext, type MockAuthContextInit } from "./create-mock-auth-context.js";
export { createTestJwt, TEST_JWT_SECRET, type TestJwtOptions } from "./create-test-jwt.js";
export { createTestKeyPair, type TestKeyAlgorithm, type TestKeyPair } from "./create-test-key-pair.js";
export { startTestKeySet, type TestKeySet, type TestKeySetFailure } from "./start-test-key-set.js";
export { withAuthContext } from "./with-auth-context.js";
