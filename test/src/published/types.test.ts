import { cpSync, existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { packedPackages } from "./packed-packages.js";
import { root, run, tryRun } from "./run.js";

const require = createRequire(import.meta.url);
const compilers = {
  // The one that protoplugin brings. Its `module: commonjs` means `node10`, which the newest does not have any more.
  "TypeScript 5.4": `node '${createRequire(require.resolve("@bufbuild/protoplugin")).resolve("typescript/lib/tsc.js")}'`,
  "TypeScript 7": `'${join(root, "node_modules/.bin/tsc")}'`,
};

/** Uses each entry point. Nothing is `any`, which is what an import that is not found becomes. */
const consumer = `
import { type AuthContext, createAuth, type JwtIssuerOptions, jwt, recordPeer } from "@connectum/auth";
import { createClientBearerInterceptor } from "@connectum/auth/client";
import { type IntrospectionOptions, introspection } from "@connectum/auth/introspection";
import { jwt as sameJwt } from "@connectum/auth/jwt";
import { can } from "@connectum/auth/policy";
import { createTestJwt } from "@connectum/auth/testing";

type IsAny<T> = 0 extends 1 & T ? true : false;
export const isAny: [
  IsAny<typeof createAuth>,
  IsAny<ReturnType<typeof createAuth>["interceptors"][number]>,
  IsAny<typeof jwt>,
  IsAny<JwtIssuerOptions["publicKey"]>,
  IsAny<AuthContext["claims"]>,
  IsAny<typeof recordPeer>,
  IsAny<typeof createClientBearerInterceptor>,
  IsAny<typeof sameJwt>,
  IsAny<typeof can>,
  IsAny<Parameters<typeof createTestJwt>[1]>,
  IsAny<typeof introspection>,
  IsAny<IntrospectionOptions["privateKey"]>,
] = [false, false, false, false, false, false, false, false, false, false, false, false];

// @ts-expect-error the option is unknown
createAuth({ policies: [], authenticate: jwt({ secret: "" }), unknown: true });
`;

const dynamicConsumer = `
export async function load() {
  const { createAuth } = await import("@connectum/auth");
  const { can } = await import("@connectum/auth/policy");
  // @ts-expect-error the option is unknown
  return [createAuth({ unknown: true }), can];
}
`;

let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "connectum-types-"));
  const { runtime } = await packedPackages();
  await run(
    `mkdir -p node_modules/@connectum && tar -xzf ${runtime} && mv package node_modules/@connectum/auth`,
    folder,
  );
  // No types of Node are among them.
  for (const name of ["@bufbuild/protobuf", "@connectrpc/connect", "jose"]) {
    cpSync(join(root, "node_modules", name), join(folder, "node_modules", name), { recursive: true });
  }
  for (const file of ["consumer.ts", "consumer.mts", "consumer.cts"]) writeFileSync(join(folder, file), consumer);
  writeFileSync(join(folder, "dynamic.cts"), dynamicConsumer);
}, 120_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test.each([
  { compiler: "TypeScript 5.4", flags: "--module commonjs", files: "consumer.ts" },
  { compiler: "TypeScript 5.4", flags: "--module node16", files: "consumer.mts dynamic.cts" },
  { compiler: "TypeScript 7", flags: "--module commonjs", files: "consumer.ts" },
  { compiler: "TypeScript 7", flags: "--module es2022 --moduleResolution bundler", files: "consumer.ts" },
  { compiler: "TypeScript 7", flags: "--module node16", files: "consumer.mts dynamic.cts" },
  { compiler: "TypeScript 7", flags: "--module nodenext", files: "consumer.mts consumer.cts" },
] as const)(
  "$compiler $flags finds the types of every entry point",
  async ({ compiler, flags, files }) => {
    // Every declaration is checked, except for the compiler's own of the DOM.
    const strict =
      "--noEmit --strict --exactOptionalPropertyTypes --target es2022 --lib es2022,dom,dom.iterable --skipDefaultLibCheck";
    const { output } = await tryRun(`${compilers[compiler]} ${strict} ${flags} ${files}`, folder);
    // protobuf-es and connect themselves want TypeScript 5.7.
    const own = output.split("\n").filter((line) => !/^(node_modules\/@(bufbuild|connectrpc)\/.*)?$/.test(line));
    expect(own).toEqual([]);
    expect(existsSync(join(folder, "node_modules/@types"))).toBe(false);
  },
  120_000,
);
