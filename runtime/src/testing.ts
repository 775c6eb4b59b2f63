export { accessMatrix, type TestCaller } from "./testing/access-matrix.js";
export { type Coverage, checkCoverage } from "./testing/check-coverage.js";
export { checkWiring, type WiredServer, type WiringOptions } from "./testing/check-wiring.js";
export { createMockAuthContext, type MockAuthContextInit } from "./testing/create-mock-auth-context.js";
export { createTestJwt, TEST_JWT_SECRET, type TestJwtOptions } from "./testing/create-test-jwt.js";
export { createTestKeyPair, type TestKeyAlgorithm, type TestKeyPair } from "./testing/create-test-key-pair.js";
export { expectAccess } from "./testing/expect-access.js";
export { startTestKeySet, type TestKeySet, type TestKeySetFailure } from "./testing/start-test-key-set.js";
export { withAuthContext } from "./testing/with-auth-context.js";
