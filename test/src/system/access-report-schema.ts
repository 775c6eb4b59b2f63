import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { createRandom, type Random } from "../faults/random.js";

type Protos = Readonly<Record<string, string>>;

/** The protos of the example. */
export function exampleProtos(): Protos {
  const names = ["order", "stock", "user"].map((name) => `shop/v1/${name}.proto`);
  const folder = new URL("../../../example/proto/", import.meta.url);
  return Object.fromEntries(names.map((name) => [name, readFileSync(fileURLToPath(new URL(name, folder)), "utf8")]));
}

/** The methods of the example, in the order of its report. */
export const exampleMethods: readonly string[] = [
  ...["SendFeedback", "ListProducts", "GetOrder", "WatchOrders", "ImportOrders", "Chat", "CancelOrder", "PurgeOrders"],
  ...["GetStock", "CountStock", "GetMe", "ListUsers", "DeleteUser"],
];

/** Names that are harmful where they are read as markup or as keys. */
export const hostileNames: readonly string[] = [
  ...["__proto__", "constructor", "<img/src=x/onerror=alert(1)>", "</script><script>alert(2)</script>"],
  ...["a&amp;b", "'\"`|", "#text=x&caller=y", "管理🦊"],
];

/** A service of methods with hostile names, which require roles, scopes and permissions with hostile names. */
export function hostileProtos(): Protos {
  const methods = [
    "__proto__",
    "constructor",
    "hasOwnProperty",
    "toString",
    "valueOf",
    "isPrototypeOf",
    "then",
    "name",
  ];
  const rpcs = methods.map((method, index) => {
    const name = JSON.stringify(hostileNames[index]);
    const other = JSON.stringify(hostileNames[(index + 1) % hostileNames.length]);
    const fields = [
      `roles: ${name}`,
      `scopes: ${other}`,
      `permissions: ${name}`,
      `any_permissions: [${name}, ${other}]`,
    ];
    const requires = `requires: {${fields[index % 4]}${index % 2 === 1 ? `, acr: ${name}` : ""}}, credentials: [${other}, "jwt"]${index % 3 === 2 ? `, condition: ${JSON.stringify(condition)}` : ""}`;
    return `  // ${hostileNames[index]}\n  rpc ${method}(M) returns (M) { option (connectum.auth.v1.method_auth) = {${requires}}; }`;
  });
  return { "h.proto": `${head("h.v1")}// </script><script>alert(3)</script>\nservice S {\n${rpcs.join("\n")}\n}\n` };
}

const condition = 'request.id != "<b>" && caller.subject == request.id';

/** Long names and lists, deprecation, an exemption and a resource: what is hard to lay out. */
export function awkwardProtos(): Protos {
  const long = "Long".repeat(60);
  const roles = Array.from({ length: 30 }, (_, index) => `"role${index}"`).join(", ");
  const methods = [
    `rpc ${long}(M) returns (stream M) { option (connectum.auth.v1.method_auth) = {requires: {roles: "${long}"}}; }`,
    `rpc Many(stream M) returns (M) { option (connectum.auth.v1.method_auth) = {requires: {roles: [${roles}]}}; }`,
    'rpc Old(M) returns (M) { option deprecated = true; option (connectum.auth.v1.method_auth) = {requires: {permissions: "المدير"}, resource: "id"}; }',
    'rpc Fresh(M) returns (M) { option (connectum.auth.v1.method_auth) = {requires: {acr: ["urn:mace:incommon:iap:silver", "phr"], max_age_seconds: 60}, credentials: ["api-key", "jwt"]}; }',
    "rpc Exempt(M) returns (M) { option (connectum.auth.v1.method_auth) = {exempt: true}; }",
  ];
  const service = `option (connectum.auth.v1.service_auth) = {default_requires: {}, condition: "request.id == caller.subject"};`;
  const wide = Array.from({ length: 300 }, (_, index) => {
    return `  rpc M${index}(M) returns (M) { option (connectum.auth.v1.method_auth) = {requires: {scopes: "wide${index}"}}; }`;
  });
  return {
    "awkward.proto": `${head(long)}// ${"wide".repeat(100)}\nservice S {\n  ${service}\n  ${methods.join("\n  ")}\n}\n`,
    "wide.proto": `${head("wide.v1")}service Wide {\n${wide.join("\n")}\n}\nservice Empty {}\n`,
  };
}

/** 250 services of 20 methods, with every kind of access, decided by a seed. */
export function largeProtos(): Protos {
  const random = createRandom(7, "the large schema");
  const services = Array.from({ length: 250 }, (_, service) => {
    const rpcs = Array.from({ length: 20 }, (_, method) => {
      const option = randomAccess(random, service);
      const auth = option === "" ? ";" : ` { option (connectum.auth.v1.method_auth) = {${option}}; }`;
      return `  // Does step ${method} of task ${service}, and tells nobody about it.\n  rpc Step${method}(M) returns (M)${auth}`;
    });
    return `// The tasks of department ${service}.\nservice Task${service}Service {\n${rpcs.join("\n")}\n}\n`;
  });
  return { "large/v1/tasks.proto": head("large.v1") + services.join("\n") };
}

function randomAccess(random: Random, service: number): string {
  const names = (kind: string, count: number) => {
    const chosen = new Set(
      Array.from({ length: 1 + Math.floor(random.between(0, 2)) }, () => Math.floor(random.between(0, count))),
    );
    return [...chosen].map((number) => `"${kind}${number}"`).join(", ");
  };
  const parts = [
    ...(random.chance(0.6) ? [`roles: [${names("role", 20)}]`] : []),
    ...(random.chance(0.3) ? [`scopes: [${names("scope", 15)}]`] : []),
    ...(random.chance(0.3) ? [`permissions: [${names(`area${service % 10}.p`, 10)}]`] : []),
    ...(random.chance(0.1) ? [`any_permissions: [${names("any.p", 5)}]`] : []),
    ...(random.chance(0.2) ? [`acr: [${names("acr", 4)}]`] : []),
    ...(random.chance(0.2) ? [`max_age_seconds: ${random.pick([100, 1_000])}`] : []),
  ];
  const requires = `requires: {${parts.join(", ")}}`;
  const bound = [
    ...(random.chance(0.2) ? [`condition: ${JSON.stringify(condition)}`] : []),
    ...(random.chance(0.3) && requires.includes("permissions") ? ['resource: "id"'] : []),
    ...(random.chance(0.2) ? [`credentials: [${names("kind", 3)}]`] : []),
  ];
  const kind = random.between(0, 100);
  if (kind < 4) return "public: true";
  if (kind < 8) return 'policy: "deny"';
  if (kind < 10) return "";
  if (kind < 16) return `policy: "allow", condition: ${JSON.stringify(condition)}`;
  return [...(kind < 24 ? ["internal: true"] : []), requires, ...bound].join(", ");
}

function head(packageName: string): string {
  return `syntax = "proto3"; package ${packageName}; import "connectum/auth/v1/options.proto";\nmessage M { string id = 1; }\n`;
}
