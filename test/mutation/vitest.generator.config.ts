import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const source = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url));

// Mutants live in the source and in this process: what tests take from the build comes from there.
export default defineConfig({
  root: source(""),
  resolve: {
    alias: [{ find: /^(?:\.\.\/)+plugin\/dist\/(.+)\.js$/, replacement: source("plugin/src/$1.ts") }],
  },
  test: {
    include: [
      "test/src/generator/{agreement,description,golden-in-process,hostile,literal,nearest,plugin-options,print,problems,removed-rules,request,source-info,thin-request}.test.ts",
    ],
    testTimeout: 30_000,
  },
});
