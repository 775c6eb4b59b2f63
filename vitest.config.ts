import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    // Every core: nothing else of ours runs beside the tests.
    maxWorkers: "100%",
    projects: [
      {
        test: {
          name: "unit",
          include: ["test/src/**/*.test.ts"],
          exclude: ["test/src/system/**"],
          testTimeout: 60_000,
          hookTimeout: 120_000,
          // How long an event is waited for: a busy machine must not make a test fail.
          expect: { poll: { timeout: 20_000 } },
        },
      },
      {
        test: {
          name: "system",
          include: ["test/src/system/**/*.test.ts"],
          testTimeout: 120_000,
          hookTimeout: 120_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
