import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";

/** What a test of a fresh process needs: no file before it has started an interceptor or changed a global. */
const alone = ["test/src/context/async-context.test.ts"];

const unit = {
  setupFiles: "test/src/support/leave-no-trace.ts",
  globalSetup: "test/src/published/remove-shared.ts",
  // The packages as Node loads them, built.
  server: { deps: { external: [/\/(runtime|plugin)\/dist\//] } },
  testTimeout: 60_000,
  hookTimeout: 120_000,
  // How long an event is waited for: a busy machine must not make a test fail.
  expect: { poll: { timeout: 20_000 } },
};

export default defineConfig({
  test: {
    // One more than there are cores, since tests also wait: for sockets, and for the processes that they start.
    maxWorkers: availableParallelism() + 1,
    projects: [
      {
        test: {
          ...unit,
          name: "unit",
          include: ["test/src/**/*.test.ts"],
          exclude: ["test/src/system/**", ...alone],
          // Files share a process, where the modules of all of them are loaded once.
          isolate: false,
        },
      },
      { test: { ...unit, name: "unit-alone", include: alone } },
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
