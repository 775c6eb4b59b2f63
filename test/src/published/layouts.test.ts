import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { packedPackages } from "./packed-packages.js";
import { root, run, tryRun } from "./run.js";

const proto = `syntax = "proto3";

package a.v1;

import "connectum/auth/v1/options.proto";

service AService {
  rpc Get(GetRequest) returns (GetResponse) {
    option (connectum.auth.v1.method_auth) = {public: true};
  }
}

message GetRequest {}

message GetResponse {}
`;
const template = `version: v2
inputs:
  - directory: proto
plugins:
  - local: protoc-gen-connectum-auth
    out: src/gen
    opt: [target=ts, registry=auth_policies.ts]
    strategy: all
`;
const modulePath = "node_modules/@connectum/protoc-gen-connectum-auth/proto";

let folder: string;
/** Programs that a user has installed: package managers and buf, but not our plugin. */
let env: Readonly<Record<string, string>>;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "connectum-layouts-"));
  copyFileSync((await packedPackages()).plugin, join(folder, "plugin.tgz"));
  mkdirSync(join(folder, "bin"));
  for (const program of ["buf", "yarn", "pnpm"]) {
    symlinkSync(join(root, "node_modules/.bin", program), join(folder, "bin", program));
  }
  env = {
    PATH: `${join(folder, "bin")}:${dirname(process.execPath)}:/usr/local/bin:/usr/bin:/bin`,
    npm_config_offline: "true",
    npm_config_update_notifier: "false",
    YARN_ENABLE_NETWORK: "false",
    YARN_ENABLE_TELEMETRY: "false",
    YARN_ENABLE_GLOBAL_CACHE: "false",
  };
}, 120_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const manifest = {
  name: "api",
  version: "1.0.0",
  private: true,
  type: "module",
  scripts: { generate: "connectum-auth-proto proto && buf generate" },
  devDependencies: { "@connectum/protoc-gen-connectum-auth": "file:../plugin.tgz" },
};

/** Writes a package with one proto; its manifest and files are those of the set-up. */
function write(target: string, files: Readonly<Record<string, string>>): void {
  for (const [file, text] of Object.entries({
    "proto/a/v1/a.proto": proto,
    "buf.yaml": "version: v2\nmodules:\n  - path: proto\n",
    "buf.gen.yaml": template,
    ...files,
  })) {
    mkdirSync(dirname(join(target, file)), { recursive: true });
    writeFileSync(join(target, file), text);
  }
}

const git = "git -c user.name=test -c user.email=test@example.com";
const commit = (files: string) => `git init -q -b main && git add ${files} && ${git} commit -qm "Add the protos"`;

describe("with a copy of the options in the proto root", () => {
  test.each([
    { name: "npm", install: "npm install", generate: "npm run generate" },
    { name: "pnpm", install: "pnpm install --offline", generate: "pnpm generate" },
    { name: "Yarn's node_modules linker", install: "yarn install", generate: "yarn generate", linker: "node-modules" },
    { name: "Yarn Plug'n'Play", install: "yarn install", generate: "yarn generate", linker: "pnp" },
    {
      name: "a package of an npm workspace",
      install: "npm install",
      generate: "npm run generate -w api",
      member: "api",
    },
  ])(
    "$name generates, and buf compares with git",
    async ({ name, install, generate, linker, member = "." }) => {
      const project = join(folder, name.replaceAll(/\W/g, "-"));
      const home = join(project, member);
      write(home, {
        "package.json": JSON.stringify(manifest).replace("file:..", member === "." ? "file:.." : "file:../.."),
        ".gitignore": "node_modules/\nsrc/gen/\n.yarn/\n",
      });
      if (member !== ".") {
        writeFileSync(join(project, "package.json"), JSON.stringify({ private: true, workspaces: [member] }));
      }
      if (linker !== undefined) {
        writeFileSync(join(project, ".yarnrc.yml"), `nodeLinker: ${linker}\n`);
        writeFileSync(join(project, "yarn.lock"), "");
      }
      await run(`${install} && ${generate}`, project, env);
      expect(existsSync(join(home, "node_modules"))).toBe(linker !== "pnp" && member === ".");
      expect(readFileSync(join(home, "src/gen/auth_policies.ts"), "utf8")).toContain('"Get":{"access":"public"}');

      await run(commit("."), project, env);
      const against = `buf breaking --against '${member === "." ? "" : "../"}.git#branch=main${member === "." ? "" : `,subdir=${member}`}'`;
      await run(against, home, env);
      writeFileSync(join(home, "proto/a/v1/a.proto"), proto.replace("rpc Get(", "rpc Fetch("));
      expect((await tryRun(against, home, env)).output).toContain('RPC "Get" on service "AService" was deleted');
    },
    120_000,
  );
});

describe("with a module path into node_modules", () => {
  const files = (path: string) => ({
    "package.json": JSON.stringify(manifest),
    "buf.yaml": `version: v2\nmodules:\n  - path: proto\n  - path: ${path}\n`,
  });

  test("one package generates, and buf cannot compare with git", async () => {
    const project = join(folder, "path");
    write(project, files(modulePath));
    await run("npm install && PATH=$PWD/node_modules/.bin:$PATH buf generate", project, env);
    expect(readFileSync(join(project, "src/gen/auth_policies.ts"), "utf8")).toContain('"Get":{"access":"public"}');
    await run(commit("proto buf.yaml"), project, env);
    const { status, output } = await tryRun("buf breaking --against '.git#branch=main'", project, env);
    expect({ status, output }).toEqual({ status: 1, output: expect.stringContaining("had no .proto files") });
  }, 120_000);

  test("buf refuses the hoisted packages of a workspace", async () => {
    const project = join(folder, "hoisted");
    write(join(project, "api"), files(`../${modulePath}`));
    cpSync(join(root, "proto"), join(project, modulePath), { recursive: true });
    const { status, output } = await tryRun("buf generate", join(project, "api"), env);
    expect({ status, output }).toEqual({
      status: 1,
      output: expect.stringContaining("is outside the context directory"),
    });
  });
});

test("connectum-auth-proto wants one folder, and says so", async () => {
  const program = join(root, "plugin/bin/connectum-auth-proto");
  for (const wrong of ["", "proto more", "--help"]) {
    const { status, output } = await tryRun(`node ${program} ${wrong}`, folder);
    expect({ status, output }).toEqual({
      status: 2,
      output: expect.stringMatching(/^usage: connectum-auth-proto FOLDER\n/),
    });
  }
});
