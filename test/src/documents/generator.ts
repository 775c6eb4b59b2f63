import { readFileSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { fromBinary } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { expect } from "vitest";
import { parse, stringify } from "yaml";
import { type OpenApiDocument, openApiDocument } from "../openapi/openapi-document.js";
import { createProject, type Project } from "../published/project.js";
import { root } from "../published/run.js";
import { type Block, blocksOf } from "./blocks.js";
import { installed, readmeBlock, registry } from "./greeter.js";
import { once } from "./once.js";
import type { Runs } from "./runs.js";
import { shop } from "./shop.js";

const table = "src/gen/shop/v1/orders_auth.ts";
const options = "proto/connectum/auth/v1/options.proto";
const orders = (blocksOf("docs/authorization.md").find(({ name }) => name.endsWith(".proto")) as Block).text;

/** A project with the service of the guides, ready to generate. */
async function createShop(): Promise<Project> {
  const packages = await installed();
  const project = createProject(await registry(), packages);
  project.write("package.json", packages.read("package.json"));
  for (const file of ["buf.yaml", "buf.gen.yaml"]) project.write(file, readmeBlock(file));
  project.write("proto/shop/v1/orders.proto", orders);
  return project;
}

const registryFile = "src/gen/auth_policies.ts";

/** The workspace of two modules that the document shows. */
async function useWorkspace(use: (project: Project) => Promise<void>): Promise<void> {
  const project = await createShop();
  await project.run("mkdir -p shop && mv proto shop/proto");
  for (const { name, text } of blocksOf("docs/generator.md")) {
    if (name.startsWith("registry ")) project.write(name.slice("registry ".length), text);
  }
  const billing = orders.replaceAll("shop.v1", "billing.v1").replaceAll("OrderService", "BillingService");
  project.write("billing/proto/billing/v1/billing.proto", billing);
  await project.use("connectum-auth-proto shop/proto");
  await use(project);
  project.remove();
}

const block = (name: string) => (blocksOf("docs/generator.md").find((one) => one.name === name) as Block).text;

/** The overlay of the shop, and its OpenAPI document before and after the command of the document. */
const documented = once(async () => {
  const project = await createShop();
  project.write("buf.gen.yaml", block("openapi buf.gen.yaml"));
  await project.use("connectum-auth-proto proto && buf generate && buf build -o image.binpb");
  const image = readFileSync(join(project.folder, "image.binpb"));
  const before = openApiDocument(fromBinary(FileDescriptorSetSchema, image), ["shop/v1/orders.proto"]);
  project.write("openapi.yaml", stringify(before));
  await project.run("mkdir -p bin");
  symlinkSync(join(root, "node_modules/.bin/openapi-format"), join(project.folder, "bin/openapi-format"));
  await project.run(`PATH=$PWD/bin:$PATH\n${block("openapi apply").replace("npx ", "")}`);
  const after: OpenApiDocument = parse(project.read("openapi.auth.yaml"));
  const overlay = project.read("src/gen/auth.overlay.yaml");
  project.remove();
  return { overlay, before, after };
});

export const generator: Runs = {
  async "buf.gen.yaml"(text) {
    // The README shows the same file, and its test runs it.
    expect(text).toBe(readmeBlock("buf.gen.yaml"));
    // Without `exclude_types`, as below buf 1.51, messages import the options, and still compile.
    const project = await createShop();
    project.write("tsconfig.json", readmeBlock("tsconfig.json"));
    project.write("buf.gen.yaml", text.replace(/ +exclude_types:\n( +- connectum.*\n)+/, ""));
    await project.use("connectum-auth-proto proto && buf generate && tsc");
    expect(project.read("src/gen/shop/v1/orders_pb.ts")).toContain('"../../connectum/auth/v1/options_pb.js"');
    project.remove();
  },

  async protoc(text) {
    const project = await createShop();
    await project.run("mkdir -p bin");
    symlinkSync(join(root, "node_modules/.bin/protoc"), join(project.folder, "bin/protoc"));
    await project.use(`PATH=$PWD/bin:$PATH\n${text.replace("npx ", "")}`);
    // The tables of buf and protoc are equal, up to the options that their heads name.
    const body = (text: string) => text.slice(text.indexOf("/* eslint-disable */"));
    expect(body(project.read(table))).toBe(body((await shop()).read(table)));
    project.write("tsconfig.json", readmeBlock("tsconfig.json"));
    project.write("src/use.ts", 'export { policies } from "./gen/auth_policies.js";\n');
    await project.use("tsc");
    expect(project.read("src/gen/shop/v1/orders_pb.ts")).toContain("OrderService");
    project.remove();
  },

  async "packages/api/package.json"(text) {
    const project = await createShop();
    await project.run("mkdir -p packages/api && mv proto buf.yaml buf.gen.yaml packages/api");
    project.write("packages/api/package.json", text);
    const template = project.read("packages/api/buf.gen.yaml");
    const changed = template.replaceAll("src/gen", "gen").replaceAll("target=ts", "target=js+dts");
    project.write("packages/api/buf.gen.yaml", changed.replace("auth_policies.ts", "auth_policies.js"));
    const { scripts } = JSON.parse(text);
    await project.use(`cd packages/api && ${scripts.generate}`);
    // The folder node_modules is shared with other tests.
    for (const folder of ["src", "dist"]) {
      await project.run(
        `mkdir -p ${folder}/node_modules/@acme && ln -s ../../../packages/api ${folder}/node_modules/@acme/api`,
      );
    }
    project.write("tsconfig.json", readmeBlock("tsconfig.json"));
    project.write(
      "src/use.ts",
      `import { policies } from "@acme/api/auth_policies";
import { OrderService } from "@acme/api/shop/v1/orders_pb";
const [{ methods }] = policies;
console.log(OrderService.typeName, methods.GetOrder.access);
`,
    );
    await project.use("tsc");
    expect(await project.run(`'${process.execPath}' dist/use.js`)).toContain("shop.v1.OrderService requires");
    project.remove();
  },

  async "package.json"(text) {
    const { scripts } = JSON.parse(text);
    const project = await createShop();
    const manifest = JSON.parse(project.read("package.json"));
    project.write("package.json", JSON.stringify({ ...manifest, scripts: { ...manifest.scripts, ...scripts } }));
    await project.run("npm run generate");
    expect(project.read(table)).toBe((await shop()).read(table));
    project.remove();
  },

  async "buf.yaml"(text) {
    const project = await createShop();
    project.write("buf.yaml", text);
    await project.use("buf generate");
    expect(project.read(table)).toBe((await shop()).read(table));
    // The conditions that the document names.
    await project.use("connectum-auth-proto proto");
    expect((await project.tryUse("buf generate")).output).toContain(
      `${options.slice("proto/".length)} is contained in multiple modules`,
    );
    await project.run(`rm -r proto/connectum`);
    project.write("proto/shop/v1/orders.proto", 'syntax = "proto3";\npackage shop.v1;\nmessage Order {}\n');
    const { status, output } = await project.tryUse("buf generate");
    // buf names either of the two.
    expect(output).toMatch(/exclusion of type "connectum\.auth\.v1\.(method|service)_auth": not found/);
    expect(status).not.toBe(0);
    project.remove();
  },

  async "src/gen/auth_policies.ts"(text) {
    // The repository's formatter breaks lines its own way.
    const [shown, written] = [text, (await shop()).read("src/gen/auth_policies.ts")].map((text) =>
      text.replace(/\s/g, ""),
    );
    expect(written).toContain(shown);
  },

  async "registry buf.yaml"() {
    await useWorkspace(async (project) => {
      await project.use("buf generate");
      const { policies } = await project.import<{ policies: readonly { typeName: string }[] }>(registryFile);
      expect(policies.map(({ typeName }) => typeName)).toEqual(["billing.v1.BillingService", "shop.v1.OrderService"]);
    });
  },

  async "registry buf.gen.yaml"(text) {
    await useWorkspace(async (project) => {
      // A run for each input, of which the last would remain.
      const inputs = "  - directory: shop/proto\n  - directory: billing/proto\n";
      project.write("buf.gen.yaml", text.replace("  - directory: .\n", inputs));
      const { status, output } = await project.tryUse("buf generate");
      expect(output).toContain("registry_packages");
      expect(status).not.toBe(0);
    });
  },

  async "openapi buf.gen.yaml"(text) {
    const { overlay, before, after } = await documented();
    expect(text).toContain("openapi_overlay=auth.overlay.yaml");
    expect(overlay).toContain("bearerAuth");
    expect(Object.keys(after.paths)).toEqual(Object.keys(before.paths));
  },

  async "openapi apply"() {
    const { after } = await documented();
    const access = Object.entries(after.paths).map(([path, { post }]) => [path.split("/").pop(), post?.["x-access"]]);
    expect(Object.fromEntries(access)).toEqual({
      ListProducts: "public",
      GetOrder: "requires",
      WatchOrder: "requires",
      CancelOrder: "requires",
      ImportOrders: "requires",
      SettleOrders: "internal",
      ExportOrders: "unspecified",
    });
    expect(after.components.securitySchemes).toEqual({ bearerAuth: { type: "http", scheme: "bearer" } });
  },

  async "openapi overlay"(text) {
    const { overlay } = await documented();
    // The document leaves out the other actions.
    for (const action of text.split(/(?=^ {2}- )/m)) expect(overlay).toContain(action);
  },

  async problem(text) {
    const [, line, column, , policy] = /:(\d+):(\d+): (\S+): unknown policy "(\w+)"/.exec(text) ?? [];
    const project = await createShop();
    // The same mistake, at the position that the document shows.
    const lines = 'syntax = "proto3";\npackage shop.v1;\nimport "connectum/auth/v1/options.proto";'.split("\n");
    lines[Number(line) - 4] = "service OrderService {\n  rpc Cancel(Request) returns (Response) {";
    const source = lines.join("\n");
    const option = "    option (connectum.auth.v1.method_auth) = {";
    project.write(
      "proto/shop/v1/orders.proto",
      `${source}\n${option}\n${" ".repeat(Number(column) - 1)}policy: "${policy}"\n    };\n  }\n}\nmessage Request {}\nmessage Response {}\n`,
    );
    const { status, output } = await project.tryUse("connectum-auth-proto proto && buf generate");
    expect(output).toContain(text.trim());
    expect(status).not.toBe(0);
    project.remove();
  },
};
