import { spawnSync } from "node:child_process";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { ts as ts59 } from "@ts-morph/common";

const require = createRequire(import.meta.url);
// protoplugin brings TypeScript 5.4; a second `typescript` of our own would take over the command `tsc`.
const ts54Path = createRequire(require.resolve("@bufbuild/protoplugin")).resolve("typescript");
const ts54 = require(ts54Path) as typeof ts59;

/** TypeScript versions that generated code must please. */
export type CompilerName = "5.4" | "5.9" | "newest";

/** The strictest settings, as command line flags of the newest version. */
const strictest = {
  noEmit: true,
  strict: true,
  declaration: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  noPropertyAccessFromIndexSignature: true,
  verbatimModuleSyntax: true,
  isolatedModules: true,
} as const;

/** Type-checks files under the strictest settings of a compiler; the errors, or nothing. */
export function typeCheck(compiler: CompilerName, files: readonly string[]): string {
  switch (compiler) {
    case "5.4":
      return withApi(ts54, files, {});
    case "5.9":
      return withApi(ts59, files, { isolatedDeclarations: true, erasableSyntaxOnly: true });
    case "newest":
      return withCommand(files);
  }
}

function withApi(ts: typeof ts59, files: readonly string[], more: Readonly<Record<string, boolean>>): string {
  const options: import("@ts-morph/common").ts.CompilerOptions = {
    ...strictest,
    ...more,
    types: [],
    target: ts.ScriptTarget.ES2020,
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    lib: ["lib.es2020.d.ts"],
  };
  const host = ts.createCompilerHost(options);
  host.getDefaultLibLocation = () => dirname(ts54Path);
  host.getDefaultLibFileName = () => join(dirname(ts54Path), "lib.d.ts");
  const program = ts.createProgram([...files], options, host);
  return ts
    .getPreEmitDiagnostics(program)
    .map(
      ({ code, messageText, file }) =>
        `${file?.fileName}: TS${code}: ${ts.flattenDiagnosticMessageText(messageText, "\n")}`,
    )
    .join("\n");
}

function withCommand(files: readonly string[]): string {
  const tsc = join(dirname(require.resolve("typescript/package.json")), "bin/tsc");
  const flags = [...Object.keys(strictest), "isolatedDeclarations", "erasableSyntaxOnly"].map((flag) => `--${flag}`);
  const { stdout } = spawnSync(
    process.execPath,
    [tsc, ...flags, "--target", "es2022", "--module", "nodenext", "--ignoreConfig", "--types", "", ...files],
    { encoding: "utf8", cwd: dirname(files[0] ?? ".") },
  );
  return stdout;
}
