import runtime from "./stryker.config.json" with { type: "json" };

/** As for the runtime, but of the code of the generator that decides. */
export default {
  ...runtime,
  vitest: { ...runtime.vitest, configFile: "test/mutation/vitest.generator.config.ts" },
  mutate: ["plugin/src/generate.ts", "plugin/src/{check,declaration,merge,options,print,request,text}/*.ts"],
  // What the generator decides by are tables, such as `fold`: they are mutated as well, though they exist from the import on.
  ignoreStatic: false,
  // Golden files are compared byte by byte: the sandbox must not write `@ts-nocheck` into them.
  disableTypeChecks: false,
  concurrency: 1,
  jsonReporter: { fileName: "reports/mutation-generator.json" },
};
