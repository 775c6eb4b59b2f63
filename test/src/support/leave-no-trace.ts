import { afterAll, vi } from "vitest";

// Files share a process: none leaves its clock, its spies or its globals to the next.
afterAll(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});
