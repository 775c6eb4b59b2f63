import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { startTestKeySet } from "@connectum/auth/testing";
import { expect } from "vitest";
import { createProject } from "../published/project.js";
import { root } from "../published/run.js";
import { type Block, blocksOf } from "./blocks.js";
import { installed, registry } from "./greeter.js";
import { startProgram } from "./program.js";
import type { Runs } from "./runs.js";
import { clientOf, shop } from "./shop.js";

/** The README of `@connectum/auth`. */
export const runtimeReadme: Runs = {
  async "src/quick-start.ts"() {
    const login = await startTestKeySet();
    const server = await startProgram(await shop(), "dist/quick-start.js", { JWKS_URI: login.jwksUri });
    const { getOrder } = await clientOf(createGrpcTransport({ baseUrl: `http://127.0.0.1:${server.port}` }));
    const token = await login.sign({ sub: "ada", iss: "https://login.example.com", aud: "shop" });
    expect(await getOrder({}, { headers: { authorization: `Bearer ${token}` } })).toMatchObject({ id: "ada" });
    await expect(async () => getOrder({}, {})).rejects.toThrow("Missing credentials");
    await Promise.all([server.stop(), login.close()]);
  },

  async "quick-start.cjs"(text) {
    const project = createProject(await registry(), await installed());
    project.write("quick-start.cjs", `${text}console.log(typeof createAuth, typeof jwt);\n`);
    const { status, output } = await project.tryRun(`'${process.execPath}' --no-warnings quick-start.cjs`);
    const canRequire = (process.features as { require_module?: boolean }).require_module === true;
    expect({ status, output }).toEqual(
      canRequire
        ? { status: 0, output: "function function\n" }
        : { status: 1, output: expect.stringContaining("ERR_REQUIRE_ESM") },
    );
    project.remove();
  },
};

const pluginBlocks = blocksOf("plugin/README.md");
const pluginFiles = pluginBlocks.filter(({ name }) => name.includes("."));

/** The README of `@connectum/protoc-gen-connectum-auth`, in a project of its own. */
export const pluginReadme: Runs = {
  install: (text) => runPluginReadme({ install: text }),
  "proto/shop/v1/products.proto": () => runPluginReadme({}),
  "buf.gen.yaml": () => runPluginReadme({}),
  generate: (text) => runPluginReadme({ generate: text }),
};

let pluginRun: Promise<void> | undefined;

async function runPluginReadme(shown: { readonly install?: string; readonly generate?: string }): Promise<void> {
  const [install, generate] = ["install", "generate"].map(
    (name) => (pluginBlocks.find((block) => block.name === name) as Block).text,
  );
  expect({ install, generate }).toMatchObject(shown);
  pluginRun ??= (async () => {
    const project = createProject(await registry());
    project.write("package.json", "{}");
    for (const { name, text } of pluginFiles) project.write(name, text);
    await project.run(install as string);
    await project.run(generate as string);
    expect(project.read("src/gen/shop/v1/products_auth.ts")).toContain(
      'RateProduct: { access: "requires", roles: ["customer"], scopes: [] }',
    );
    expect(project.read("src/gen/auth_policies.ts")).toContain('"ListProducts":{"access":"public"}');
    project.remove();
  })();
  await pluginRun;
}

export const contributing: Runs = {
  async scripts(text) {
    const ci = readFileSync(join(root, ".github/workflows/ci.yml"), "utf8");
    for (const command of text.trim().split("\n")) expect(ci).toContain(`- run: ${command}\n`);
  },

  async breaking(text) {
    const project = createProject(await registry(), await installed());
    const options = readFileSync(join(root, "proto/connectum/auth/v1/options.proto"), "utf8");
    project.write("buf.yaml", "version: v2\nmodules:\n  - path: proto\nbreaking:\n  use: [FILE]\n");
    project.write("proto/connectum/auth/v1/options.proto", options);
    const git = "git -c user.name=test -c user.email=test@example.com";
    await project.run(`git init -q -b main && git add proto buf.yaml && ${git} commit -qm "Add the options"`);
    await project.run(text);
    project.write("proto/connectum/auth/v1/options.proto", options.replace("scopes = 2", "scopes = 3"));
    expect((await project.tryRun(text)).output).toContain("scopes");
    project.remove();
  },
};
