import type { ServicePolicy } from "@connectum/auth";
import type { replay } from "@connectum/auth/testing";
import { expect, vi } from "vitest";
import { createProject } from "../published/project.js";
import { generated, registry } from "./greeter.js";
import type { Runs } from "./runs.js";
import { call, shop, snippet, type Wiring } from "./shop.js";

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

/** The calls whose decisions are recorded: each goes over two protocols. */
async function callAs(wiring: Wiring): Promise<void> {
  for (const subject of ["viewer", "editor", "guest"]) {
    await call(wiring, "cancelOrder", { authorization: `Bearer ${subject}` });
  }
}

type Replayed = Awaited<ReturnType<typeof replay>>;

/** The reports of the shop, by the template of the document. */
async function writeReports(template: string): Promise<string> {
  const source = await shop();
  const project = createProject(await registry(), source);
  try {
    for (const file of ["package.json", "buf.yaml", "proto/shop/v1/orders.proto"])
      project.write(file, source.read(file));
    project.write("buf.gen.yaml", template);
    await project.use("connectum-auth-proto proto && buf generate");
    expect(project.read("src/gen/auth_policies.ts")).toContain("policies");
    expect(project.read("docs/access/access.html")).toContain("CancelOrder");
    expect(JSON.parse(project.read("docs/access/access.json"))).toMatchObject({ version: 1, totals: { services: 1 } });
    return project.read("docs/access/access.md");
  } finally {
    project.remove();
  }
}

let markdown = "";
let configuration = "";
let answer = "";
let replayed: Replayed | undefined;

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
  async "report buf.gen.yaml"(text) {
    markdown = await writeReports(text);
  },
  async "report answer"(text) {
    expect(markdown).toContain(text);
  },
  async "src/matrix.ts"() {
    expect((await snippet<{ matrix: object }>("src/matrix.ts")).matrix).toBeTypeOf("object");
  },
  async matrix(text) {
    expect((await snippet<{ matrix: object }>("src/matrix.ts")).matrix).toEqual(JSON.parse(text));
  },
  async "src/record.ts"() {
    const { auth } = await snippet<{ auth: Wiring }>("src/record.ts");
    await callAs(auth);
    const project = await shop();
    await vi.waitFor(() => expect(project.read("decisions.jsonl").trim().split("\n")).toHaveLength(6));
    expect(JSON.parse(project.read("decisions.jsonl").split("\n")[0] ?? "")).toMatchObject({
      ...{ method: "CancelOrder", subject: "viewer", effect: "deny" },
      record: { access: "requires", caller: { roles: ["viewer"], internal: false } },
    });
  },
  async "src/replay.ts"() {
    const { replayDecisions } = await snippet<{
      replayDecisions: (tables: readonly ServicePolicy[]) => Promise<Replayed>;
    }>("src/replay.ts");
    const { tomorrow } = await snippet<{ tomorrow: readonly ServicePolicy[] }>("src/tomorrow.ts");
    replayed = await replayDecisions(tomorrow);
    const { policies } = await snippet<{ policies: readonly ServicePolicy[] }>("src/parts.ts");
    expect(await replayDecisions(policies)).toMatchObject({ calls: 6, differences: [], undecided: [] });
  },
  async replay(text) {
    expect(replayed?.text).toBe(text);
  },
  async "src/trial.ts"() {
    const { auth, differences } = await snippet<{ auth: Wiring; differences: string[] }>("src/trial.ts");
    await callAs(auth);
    await vi.waitFor(() => expect(differences).toHaveLength(4));
    expect([...new Set(differences)]).toEqual([
      "CancelOrder by viewer: deny, on trial allow (meets the policy)",
      "CancelOrder by editor: allow, on trial deny (missing-role)",
    ]);
  },
  async "src/access.test.ts"() {
    expect(await (await shop()).use("node --test dist/access.test.js")).toMatch(/pass 1\n[\s\S]*fail 0/);
  },
};
