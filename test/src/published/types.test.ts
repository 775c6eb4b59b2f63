import { createRequire } from "node:module";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createProject, type Project } from "./project.js";
import { type Registry, root, startRegistry } from "./registry.js";

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
] = [false, false, false, false, false, false, false, false, false, false];

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

let registry: Registry;
let project: Project;
beforeAll(async () => {
  registry = await startRegistry();
  project = createProject(registry);
  project.write("package.json", "{}");
  await project.run("npm install @connectum/auth @connectrpc/connect @bufbuild/protobuf");
  for (const file of ["consumer.ts", "consumer.mts", "consumer.cts"]) project.write(file, consumer);
  project.write("dynamic.cts", dynamicConsumer);
}, 120_000);
afterAll(() => {
  project.remove();
  registry.close();
});

test("the project has no types of Node", async () => {
  expect((await project.tryRun("ls node_modules/@types")).status).not.toBe(0);
});

describe.each([
  { compiler: "TypeScript 5.4", flags: "--module commonjs", file: "consumer.ts" },
  { compiler: "TypeScript 5.4", flags: "--module node16", file: "consumer.mts" },
  { compiler: "TypeScript 5.4", flags: "--module node16", file: "dynamic.cts" },
  { compiler: "TypeScript 7", flags: "--module commonjs", file: "consumer.ts" },
  { compiler: "TypeScript 7", flags: "--module es2022 --moduleResolution bundler", file: "consumer.ts" },
  { compiler: "TypeScript 7", flags: "--module node16", file: "consumer.mts" },
  { compiler: "TypeScript 7", flags: "--module node16", file: "dynamic.cts" },
  { compiler: "TypeScript 7", flags: "--module node20", file: "consumer.cts" },
  { compiler: "TypeScript 7", flags: "--module nodenext", file: "consumer.cts" },
] as const)("$compiler $flags, $file", ({ compiler, flags, file }) => {
  test("finds the types of every entry point", async () => {
    const strict = "--noEmit --strict --exactOptionalPropertyTypes --target es2022 --lib es2022,dom,dom.iterable";
    const { output } = await project.tryRun(`${compilers[compiler]} ${strict} ${flags} ${file}`);
    // protobuf-es and connect themselves want TypeScript 5.7.
    const own = output.split("\n").filter((line) => !/^(node_modules\/@(bufbuild|connectrpc)\/.*)?$/.test(line));
    expect(own).toEqual([]);
  }, 120_000);
});
