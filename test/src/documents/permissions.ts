import { createClient, createRouterTransport } from "@connectrpc/connect";
import type { Auth } from "@connectum/auth";
import { expect } from "vitest";
import { outcome } from "../authorization/callers.js";
import { createProject } from "../published/project.js";
import { readmeBlock, registry } from "./greeter.js";
import { pageProject } from "./page-project.js";
import type { Runs } from "./runs.js";

const document = "docs/permissions.md";

/** What snippets import, and readers have of their own. */
const stubs = {
  "src/tokens.ts": `
export const tokens = {
  find: (token: string) => ({ subject: token, roles: token === "ada" ? ["editor"] : ["viewer"], claims: { tenant: "acme" } }),
};
`,
  "src/directory.ts": `
export const directory = {
  async permissions(subject: string, resource: string | undefined, options: { readonly signal: AbortSignal }): Promise<string[]> {
    options.signal.throwIfAborted();
    if (resource === undefined) return ["notes.read"];
    return subject === "ada" && resource === "f1" ? ["folder.read", "folder.own"] : [];
  },
};
`,
  "src/parts.ts": `export { FolderService, NoteService } from "./gen/notes/v1/notes_pb.js";`,
};

/** The project of the page, compiled. */
const notes = pageProject(document, {
  ...stubs,
  "buf.gen.yaml": readmeBlock("buf.gen.yaml").replace(/registry=[\w.]+/, "catalogue=permissions.json"),
});

export async function removeNotes(): Promise<void> {
  (await notes()).remove();
}

type Service = import("@bufbuild/protobuf").DescService;
type Clients = Readonly<Record<string, (request: object, options: object) => Promise<unknown>>>;

async function clientsOf(name: string): Promise<{ notes: Clients; folders: Clients }> {
  const project = await notes();
  const { auth } = await project.import<{ auth: Auth }>(`dist/${name}.js`);
  const { NoteService, FolderService } = await project.import<Record<string, Service>>("dist/parts.js");
  const handlers = (service: Service) =>
    Object.fromEntries(service.methods.map(({ localName }) => [localName, () => ({})]));
  const transport = createRouterTransport(
    (router) => {
      for (const service of [NoteService, FolderService]) {
        if (service !== undefined) router.service(service, handlers(service) as never);
      }
    },
    { router: auth },
  );
  const client = (service: Service | undefined) => createClient(service as Service, transport) as unknown as Clients;
  return { notes: client(NoteService), folders: client(FolderService) };
}

const as = (token: string) => ({ headers: { authorization: `Bearer ${token}` } });

export const permissions: Runs = {
  async "proto/notes/v1/notes.proto"() {
    expect((await notes()).read("src/gen/notes/v1/notes_auth.ts")).toContain("export const FolderServicePolicy");
  },

  async "src/by-role.ts"() {
    const { notes } = await clientsOf("by-role");
    const call = (method: string, request: object, token: string) =>
      outcome(notes[method]?.(request, as(token)) as never);
    expect(await call("getNote", { tenantId: "acme" }, "bob")).toBe("ok");
    expect(await call("getNote", { tenantId: "globex" }, "bob")).toBe("PermissionDenied");
    expect(await call("getLimits", {}, "bob")).toBe("ok");
    const write = (...tenants: string[]) => ({ tenantId: "acme", notes: tenants.map((tenantId) => ({ tenantId })) });
    expect(await call("writeNotes", write("acme"), "bob")).toBe("PermissionDenied");
    expect(await call("writeNotes", write("acme", "acme"), "ada")).toBe("ok");
    expect(await call("writeNotes", write("acme", "globex"), "ada")).toBe("PermissionDenied");
    expect(await call("writeNotes", write(...new Array<string>(101).fill("acme")), "ada")).toBe("PermissionDenied");
  },

  async "src/by-function.ts"() {
    const { notes, folders } = await clientsOf("by-function");
    const call = (method: string, request: object, token: string) =>
      outcome(folders[method]?.(request, as(token)) as never);
    expect(await outcome(notes["getNote"]?.({ tenantId: "acme" }, as("bob")) as never)).toBe("ok");
    expect(await call("getFolder", { folderId: "f1" }, "ada")).toBe("ok");
    expect(await call("getFolder", { folderId: "f2" }, "ada")).toBe("PermissionDenied");
    expect(await call("getFolder", { folderId: "f1" }, "bob")).toBe("PermissionDenied");
    expect(await call("getFolder", {}, "ada")).toBe("PermissionDenied");
    expect(await call("renameFolder", { folder: { id: "f1" } }, "ada")).toBe("ok");
    expect(await call("renameFolder", {}, "ada")).toBe("PermissionDenied");
  },

  async mistake(text) {
    const project = createProject(await registry(), await notes());
    try {
      const proto = (await notes()).read("proto/notes/v1/notes.proto");
      for (const file of ["buf.yaml", "buf.gen.yaml", "package.json"]) project.write(file, (await notes()).read(file));
      project.write("proto/notes/v1/notes.proto", proto.replace("{exempt: true}", "{}"));
      await project.use("connectum-auth-proto proto");
      const output = await project.use("buf generate").then(
        () => "generated",
        (error: Error) => error.message,
      );
      expect(output).toContain(text.trim());
    } finally {
      project.remove();
    }
  },

  async row(text) {
    expect((await notes()).read("src/gen/notes/v1/notes_auth.ts")).toContain(text);
  },

  async "src/buttons.ts"() {
    const { showsNote, showsRename } = await (await notes()).import<
      Record<string, (me: object, id: string) => boolean>
    >("dist/buttons.js");
    const me = { permissions: ["notes.read"], claims: { tenant: "acme" }, permissionsOn: { f1: ["folder.own"] } };
    expect([showsNote?.(me, "acme"), showsNote?.(me, "globex")]).toEqual([true, false]);
    expect([showsRename?.(me, "f1"), showsRename?.(me, "f2")]).toEqual([true, false]);
  },

  async "src/me.ts"() {
    const project = await notes();
    const { me } = await project.import<{ me: (context: object, folder: string) => Promise<unknown> }>("dist/me.js");
    const { createContextValues } = await import("@connectrpc/connect");
    const { authContextKey } = await import("@connectum/auth");
    const { createMockAuthContext } = await import("@connectum/auth/testing");
    const caller = createMockAuthContext({ subject: "ada", claims: { tenant: "acme" } });
    const values = createContextValues().set(authContextKey, caller);
    expect(await me({ values }, "f1")).toEqual({
      permissions: ["notes.read"],
      permissionsOn: { f1: ["folder.own", "folder.read"] },
      claims: { tenant: "acme" },
    });
  },

  async "permissions.json"(text) {
    expect((await notes()).read("src/gen/permissions.json")).toBe(text);
  },
};
