import { accessMatrix, expectAccess, type TestCaller } from "@connectum/auth/testing";
import { expect, expectTypeOf, test } from "vitest";
import { AccessServicePolicy } from "../gen/lab/v1/lab_auth.js";
import { AccountServicePolicy, DocumentServicePolicy, NoteServicePolicy } from "../gen/tenancy/v1/tenancy_auth.js";

const callers: Readonly<Record<string, TestCaller>> = {
  anonymous: null,
  guest: {},
  editor: { roles: ["editor"], scopes: ["lab:read", "lab:write"] },
  service: { internal: true, roles: ["billing"] },
};

test("the matrix has a line for each method, with its callers", () => {
  expect(accessMatrix([AccessServicePolicy], callers)).toMatchInlineSnapshot(`
    {
      "lab.v1.AccessService/Allow": "guest, editor, service",
      "lab.v1.AccessService/Authenticated": "guest, editor, service",
      "lab.v1.AccessService/Deny": "nobody",
      "lab.v1.AccessService/Internal": "service",
      "lab.v1.AccessService/InternalRole": "service",
      "lab.v1.AccessService/Public": "anonymous, guest, editor, service",
      "lab.v1.AccessService/Role": "editor",
      "lab.v1.AccessService/Scope": "editor",
      "lab.v1.AccessService/Unspecified": "(the server's code decides)",
    }
  `);
});

test("conditions and resources stand beside the caller", () => {
  const tenant = { claims: { tenant: "acme" } };
  const owner = {
    permissions: ["docs.read"],
    permissionsOn: { a1: ["account.read", "account.own"], a2: ["account.read"] },
  };
  expect(
    accessMatrix([NoteServicePolicy, AccountServicePolicy, DocumentServicePolicy], { anonymous: null, tenant, owner }),
  ).toMatchInlineSnapshot(`
    {
      "tenancy.v1.AccountService/ByNumber": "owner on a1 and a2",
      "tenancy.v1.AccountService/Chat": "owner on a1 and a2",
      "tenancy.v1.AccountService/List": "nobody",
      "tenancy.v1.AccountService/Ping": "tenant, owner",
      "tenancy.v1.AccountService/Read": "owner on a1 and a2",
      "tenancy.v1.AccountService/UpdateRole": "owner on a1 and a2",
      "tenancy.v1.AccountService/Upload": "owner on a1 and a2",
      "tenancy.v1.AccountService/Watch": "owner on a1 and a2",
      "tenancy.v1.AccountService/Write": "owner on a1",
      "tenancy.v1.DocumentService/Purge": "tenant if request.tenant_id == 'trash' || 'docs.purge' in caller.permissions, owner if request.tenant_id == 'trash' || 'docs.purge' in caller.permissions",
      "tenancy.v1.DocumentService/Read": "owner",
      "tenancy.v1.DocumentService/Share": "nobody",
      "tenancy.v1.DocumentService/Write": "nobody",
      "tenancy.v1.NoteService/Batch": "tenant if size(request.notes) > 0 && request.notes.all(note, note.tenant_id == caller.claims.tenant), owner if size(request.notes) > 0 && request.notes.all(note, note.tenant_id == caller.claims.tenant)",
      "tenancy.v1.NoteService/BidiStream": "tenant if request.tenant_id == caller.claims.tenant",
      "tenancy.v1.NoteService/ClientStream": "tenant if request.tenant_id == caller.claims.tenant",
      "tenancy.v1.NoteService/Health": "anonymous, tenant, owner",
      "tenancy.v1.NoteService/Quota": "tenant if has(caller.claims.tenant)",
      "tenancy.v1.NoteService/ServerStream": "tenant if request.tenant_id == caller.claims.tenant",
      "tenancy.v1.NoteService/Unary": "tenant if request.tenant_id == caller.claims.tenant",
    }
  `);
});

test("expectAccess says what is too much and what is missing", () => {
  const policies = [DocumentServicePolicy];
  const reader = { permissions: ["docs.read"] };
  const purge = "tenancy.v1.DocumentService/Purge";
  const read = "tenancy.v1.DocumentService/Read";
  expect(() => expectAccess(policies, reader, [read, purge])).not.toThrow();
  expect(() => expectAccess(policies, reader, ["tenancy.v1.DocumentService/Write", purge])).toThrow(
    new Error(
      "access is not as expected\nmay be called, but is not in the list:\n  tenancy.v1.DocumentService/Read\n" +
        "is in the list, but may not be called:\n  tenancy.v1.DocumentService/Write",
    ),
  );
  expect(() => expectAccess(policies, null, [])).not.toThrow();
  expect(() => expectAccess(policies, null, ["tenancy.v1.DocumentService/Raed" as never])).toThrow(
    "is in the list, but in no table:\n  tenancy.v1.DocumentService/Raed",
  );
  expect(() => expectAccess([AccessServicePolicy], null, ["lab.v1.AccessService/Public"])).toThrow(
    "left to the server's code, which this test does not know:\n  lab.v1.AccessService/Unspecified",
  );
  expectTypeOf(expectAccess<typeof DocumentServicePolicy>)
    .parameter(2)
    .toEqualTypeOf<readonly `tenancy.v1.DocumentService/${"Read" | "Write" | "Share" | "Purge"}`[]>();
});

test("anything but tables is refused", () => {
  expect(() => accessMatrix("x" as never, {})).toThrow(TypeError);
  expect(() => expectAccess([{}] as never, null, [])).toThrow(TypeError);
});
