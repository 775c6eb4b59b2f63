import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const source = (path: string) => fileURLToPath(new URL(`../../runtime/src/${path}`, import.meta.url));

// Tests import the packages by name, which is what is built; mutants live in the source.
export default defineConfig({
  root: fileURLToPath(new URL("../..", import.meta.url)),
  resolve: {
    alias: [
      { find: /^@connectum\/auth$/, replacement: source("index.ts") },
      { find: /^@connectum\/auth\/(\w+)$/, replacement: source("$1.ts") },
    ],
  },
  test: {
    include: ["test/src/*/*.test.ts"],
    exclude: [
      "**/types.test.ts",
      "test/src/{condition,documents,faults,fuzz,generator,openapi,published,report,review,system}/**",
    ],
    testTimeout: 30_000,
  },
});
