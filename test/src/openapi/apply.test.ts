import { join } from "node:path";
import { Validator } from "@seriousme/openapi-schema-validator";
import { query } from "jsonpath-rfc9535";
import openapiFormat from "openapi-format";
import { beforeAll, describe, expect, test } from "vitest";
import { readFolder } from "../generator/golden-files.js";
import { root } from "../published/run.js";
import { type OpenApiDocument, type Operation, openApiDocument } from "./openapi-document.js";
import { type Overlay, type OverlayRun, runOverlay, serviceProto } from "./run-overlay.js";

/** Applies an overlay with a published tool. */
async function apply(document: OpenApiDocument, overlay: Overlay): Promise<OpenApiDocument> {
  const options = { overlaySet: structuredClone(overlay) };
  const { data } = await openapiFormat.openapiOverlay(structuredClone(document) as never, options as never);
  return data as unknown as OpenApiDocument;
}

/** Expects that a published validator of OpenAPI 3.1 accepts the document, and that its requirements name its schemes. */
async function expectValid(document: OpenApiDocument): Promise<void> {
  const validator = new Validator();
  expect(await validator.validate({ ...structuredClone(document) })).toEqual({ valid: true });
  expect(validator.version).toBe("3.1");
  const schemes = Object.keys(document.components.securitySchemes ?? {});
  for (const { security = [] } of operationsOf(document)) {
    for (const requirement of security) expect(schemes).toEqual(expect.arrayContaining(Object.keys(requirement)));
  }
}

function operationsOf({ paths }: OpenApiDocument): Operation[] {
  return Object.values(paths).flatMap((item) => Object.values(item));
}

describe("the services of the example", () => {
  let example: OverlayRun;
  let before: OpenApiDocument;
  let after: OpenApiDocument;
  beforeAll(async () => {
    const protos = Object.fromEntries(readFolder(join(root, "example/proto"), ".proto"));
    // A read without side effects has a `get`.
    const order = protos["shop/v1/order.proto"] ?? "";
    const query = order.replace("{public: true};", "{public: true};\n    option idempotency_level = NO_SIDE_EFFECTS;");
    example = runOverlay({ ...protos, "shop/v1/order.proto": query });
    before = openApiDocument(example.schema, example.names);
    after = await apply(before, example.overlay);
  });

  test("are valid OpenAPI 3.1 before and after", async () => {
    await expectValid(before);
    await expectValid(after);
  });

  test("have the access of each method at post and get", () => {
    const accessOf = (path: string, verb: string) => {
      const { security, "x-required-roles": roles, "x-access": access } = after.paths[`/shop.v1.${path}`]?.[verb] ?? {};
      return { security, roles, access };
    };
    const free = { security: [], roles: undefined, access: "public" };
    expect(accessOf("OrderService/ListProducts", "post")).toEqual(free);
    expect(accessOf("OrderService/ListProducts", "get")).toEqual(free);
    expect(accessOf("OrderService/CancelOrder", "post")).toEqual({
      security: [{ bearerAuth: ["orders:write"] }],
      roles: ["customer", "support"],
      access: "requires",
    });
    const purge = after.paths["/shop.v1.OrderService/PurgeOrders"]?.["post"];
    expect(purge).toMatchObject({ "x-access": "internal", "x-internal": true, security: [{ bearerAuth: [] }] });
    expect(after.paths["/shop.v1.StockService/GetStock"]?.["post"]).toMatchObject({
      "x-required-permissions": ["stock.read"],
      "x-condition": "request.branch == caller.claims.branch",
    });
    expect(operationsOf(after).every(({ security }) => security !== undefined)).toBe(true);
  });

  test("keep everything else", () => {
    const copy = structuredClone(after);
    for (const operation of operationsOf(copy) as Record<string, unknown>[]) {
      for (const key of Object.keys(operation)) if (key === "security" || key.startsWith("x-")) delete operation[key];
    }
    delete copy.components.securitySchemes;
    expect(copy).toEqual(before);
  });

  test("are the same after a second time", async () => {
    expect(await apply(after, example.overlay)).toEqual(after);
  });

  // The specification of overlays requires RFC 9535, and tools have engines of their own.
  test("are what the targets select by RFC 9535", () => {
    for (const { target, remove = false } of example.overlay.actions) {
      const [first, again] = [before, after].map((document) => query(JSON.parse(JSON.stringify(document)), target));
      // There is nothing to remove the first time.
      expect(first?.length === 0).toBe(remove);
      expect(again?.length).toBeGreaterThan(0);
      // Version 1.0 forbids targets that select a string.
      expect(again?.filter((node) => typeof node !== "object" || node === null)).toEqual([]);
    }
  });
});

describe("an operation whose base document has a requirement", () => {
  const requirement = [{ apiKey: ["old"] }];
  const methods = { Open: "public: true", Edit: 'requires: {roles: "editor", scopes: "edit"}' };
  const schemes = { apiKey: { type: "apiKey", in: "header", name: "x-key" } };

  async function applied(options: string): Promise<OpenApiDocument> {
    const { overlay, schema, names } = runOverlay({ "a.proto": serviceProto(methods) }, options);
    const document = openApiDocument(schema, names);
    for (const item of Object.values(document.paths)) {
      for (const verb of Object.keys(item))
        item[verb] = { ...item[verb], security: requirement, "x-required-roles": ["old"] };
    }
    document.paths["/health"] = { get: { security: requirement, responses: { 200: { description: "OK" } } } };
    document.security = requirement;
    document.components.securitySchemes = schemes;
    await expectValid(document);
    const result = await apply(document, overlay);
    await expectValid(result);
    return result;
  }

  // Requirements are alternatives: with the old one beside it, the new one would not be required.
  test("has the overlay's alone", async () => {
    const { paths, security } = await applied("");
    expect(paths["/a.v1.S/Open"]?.["post"]?.security).toEqual([]);
    expect(paths["/a.v1.S/Open"]?.["post"]).not.toHaveProperty("x-required-roles");
    expect(paths["/a.v1.S/Edit"]?.["post"]?.security).toEqual([{ bearerAuth: ["edit"] }]);
    expect(paths["/a.v1.S/Edit"]?.["post"]?.["x-required-roles"]).toEqual(["editor"]);
    // Not of the run.
    expect(paths["/health"]?.["get"]?.security).toEqual(requirement);
    expect(security).toEqual(requirement);
  });

  test("refers to the scheme of the option, and the overlay adds none", async () => {
    const { paths, components } = await applied(",openapi_security_scheme=apiKey");
    expect(components.securitySchemes).toEqual(schemes);
    expect(paths["/a.v1.S/Edit"]?.["post"]?.security).toEqual([{ apiKey: ["edit"] }]);
    expect(paths["/a.v1.S/Open"]?.["post"]?.security).toEqual([]);
  });
});

describe("a document", () => {
  const methods = { __proto__x: "public: true", constructor: 'requires: {roles: "__proto__"}', toString: "" };

  test("with hostile method names has the access of each", async () => {
    const proto = serviceProto(methods).replace("__proto__x", "__proto__");
    const { overlay, schema, names } = runOverlay({ "a.proto": proto });
    const after = await apply(openApiDocument(schema, names), overlay);
    await expectValid(after);
    const access = Object.entries(after.paths).map(([path, item]) => [path, item["post"]?.["x-access"]]);
    expect(access).toEqual([
      ["/a.v1.S/__proto__", "public"],
      ["/a.v1.S/constructor", "requires"],
      ["/a.v1.S/toString", "unspecified"],
    ]);
  });

  test("that lacks methods, as without with-streaming, gets no operation for them", async () => {
    const { overlay, schema, names } = runOverlay({ "a.proto": serviceProto(methods) });
    const document = openApiDocument(schema, names);
    delete document.paths["/a.v1.S/constructor"];
    const after = await apply(document, overlay);
    await expectValid(after);
    expect(Object.keys(after.paths)).toEqual(Object.keys(document.paths));
  });

  test("of thousands of methods", async () => {
    const many = Object.fromEntries(
      Array.from({ length: 3000 }, (_, index) => [
        `Do${index}`,
        index % 3 === 0 ? "public: true" : 'requires: {roles: "a"}',
      ]),
    );
    const { overlay, schema, names } = runOverlay({ "a.proto": serviceProto(many) });
    const after = await apply(openApiDocument(schema, names), overlay);
    expect(operationsOf(after).filter(({ security }) => security?.length === 0)).toHaveLength(1000);
    expect(operationsOf(after).filter(({ security }) => security?.length === 1)).toHaveLength(2000);
  });
});
