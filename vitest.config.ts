import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

/** Tests of a fresh process: no file before them has started an interceptor or changed a global. */
const alone = ["test/src/context/async-context.test.ts"];
/** Tests with other programs: browsers, servers, package managers, old compilers, many runs of buf. */
const system = [
  "test/src/system/**/*.test.ts",
  "test/src/published/{bundles,layouts,tarballs,types}.test.ts",
  "test/src/review/buf.test.ts",
];

/** Tests of random samples: `npm test` takes a few of them, `npm run test:system` all. */
const random = [
  "test/src/authentication/identity.test.ts",
  "test/src/condition/random-conditions.test.ts",
  "test/src/generator/{option-bytes,random-agreement}.test.ts",
  "test/src/jwt/native-signatures.test.ts",
  "test/src/policy/properties.test.ts",
  "test/src/proofs/oracle.test.ts",
  "test/src/replay/random-replays.test.ts",
  "test/src/review/compare-access.test.ts",
];

/** Starts the longest file first, so that nothing waits for it at the end. A clean checkout does not know the durations. */
class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification) => (moduleId.endsWith("/documents.test.ts") ? 0 : 1);
    return (await super.sort(files)).sort((a, b) => rank(a) - rank(b));
  }
}

const common = {
  globalSetup: "test/src/published/remove-shared.ts",
  // The packages as Node loads them, built.
  server: { deps: { external: [/\/(runtime|plugin)\/dist\//] } },
};
const unit = {
  ...common,
  setupFiles: "test/src/support/leave-no-trace.ts",
  testTimeout: 60_000,
  hookTimeout: 120_000,
  // How long an event is waited for: a busy machine must not make a test fail.
  expect: { poll: { timeout: 20_000 } },
};

export default defineConfig({
  test: {
    // One more than there are cores, since tests also wait: for sockets, and for the processes that they start.
    maxWorkers: availableParallelism() + 1,
    sequence: { sequencer: LongestFirst },
    projects: [
      {
        test: {
          ...unit,
          name: "unit",
          include: ["test/src/**/*.test.ts"],
          exclude: [...system, ...alone],
          // Files share a process, where the modules of all of them are loaded once.
          isolate: false,
        },
      },
      { test: { ...unit, name: "unit-alone", include: alone } },
      {
        test: {
          ...common,
          name: "system",
          include: system,
          testTimeout: 120_000,
          hookTimeout: 120_000,
          fileParallelism: false,
        },
      },
      {
        test: {
          ...unit,
          name: "system-samples",
          include: random,
          env: { CONNECTUM_ALL_SAMPLES: "1" },
          testTimeout: 300_000,
        },
      },
    ],
  },
});
