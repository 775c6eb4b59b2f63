import { expect } from "vitest";
import { createProject } from "../published/project.js";
import { generated, registry } from "./greeter.js";
import type { Runs } from "./runs.js";
import { shop, snippet } from "./shop.js";

/** The project of the README with the check plugin, committed; a pull request then opens a method. */
async function openMethod(configuration: string): Promise<{ lint: string; breaking: string }> {
  const greeter = await generated();
  const project = createProject(await registry(), greeter);
  try {
    for (const file of ["package.json", "proto/greeter/v1/greeter.proto"]) project.write(file, greeter.read(file));
    project.write("buf.yaml", configuration);
    await project.use("connectum-auth-proto proto");
    const lint = await project.use("buf lint");
    await project.use(
      "git init -q -b main && git add proto buf.yaml && git -c user.name=a -c user.email=a@b commit -q -m a",
    );
    const proto = project.read("proto/greeter/v1/greeter.proto");
    const opened = proto.replace(/roles: \["admin"\]\n\s*scopes: \["greeter:write"\]/, 'roles: ["admin", "support"]');
    expect(opened).not.toBe(proto);
    project.write("proto/greeter/v1/greeter.proto", opened);
    const { output } = await project.tryUse("buf breaking --against '.git#branch=main'");
    return { lint, breaking: output };
  } finally {
    project.remove();
  }
}

let configuration = "";
let answer = "";

export const review: Runs = {
  async "buf.yaml"(text) {
    configuration = text;
    const { lint, breaking } = await openMethod(text);
    expect(lint).toBe("");
    answer = breaking;
  },
  async breaking(text) {
    expect(text).toContain("npx buf breaking");
    expect(configuration).toContain("buf-plugin-connectum-auth");
  },
  async "breaking answer"(text) {
    expect(answer).toContain(text.trim());
  },
  async "src/matrix.ts"() {
    expect((await snippet<{ matrix: object }>("src/matrix.ts")).matrix).toBeTypeOf("object");
  },
  async matrix(text) {
    expect((await snippet<{ matrix: object }>("src/matrix.ts")).matrix).toEqual(JSON.parse(text));
  },
  async "src/access.test.ts"() {
    expect(await (await shop()).use("node --test dist/access.test.js")).toMatch(/pass 1\n[\s\S]*fail 0/);
  },
};
