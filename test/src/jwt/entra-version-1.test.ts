import { jwt } from "@connectum/auth";
import { startTestKeySet } from "@connectum/auth/testing";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Instance, startInstance } from "../store/instance.js";

const tenant = "6fd2a4c1-0000-0000-0000-000000000000";
const issuer = `https://sts.windows.net/${tenant}/`;

/** https://learn.microsoft.com/en-us/entra/identity-platform/access-token-claims-reference */
const claims = {
  aud: "api://shop",
  iss: issuer,
  acr: "1",
  amr: ["pwd"],
  appid: "00000000-0000-0000-0000-000000000001",
  appidacr: "0",
  oid: "00000000-0000-0000-aaaa-000000000000",
  sub: "AAAAAAAAAAAAAAAAAAAAAIkzqFVrSaSaFHy782bbtaQ",
  tid: tenant,
  unique_name: "ada@example.com",
  scp: "orders:write",
  ver: "1.0",
};

let keySet: Awaited<ReturnType<typeof startTestKeySet>>;
let shop: Instance;

beforeAll(async () => {
  keySet = await startTestKeySet();
  const { jwksUri } = keySet;
  const checkClaims = ({ ver, tid, appid }: Readonly<Record<string, unknown>>) =>
    ver === "1.0" && tid === tenant && typeof appid === "string";
  const options = { issuer, jwksUri, audience: "api://shop", checkClaims, claimsMapping: { subject: "oid" } };
  shop = startInstance({ authenticate: jwt(options) });
});
afterAll(() => keySet.close());

test("an access token of version 1 is accepted", async () => {
  expect(await shop.call(await keySet.sign(claims))).toBe(claims.oid);
});

test.each<[name: string, changed: object]>([
  ["of version 2", { ver: "2.0", iss: `https://login.microsoftonline.com/${tenant}/v2.0`, aud: "1111", azp: "1" }],
  ["that is an ID token", { aud: claims.appid, appid: undefined, appidacr: undefined, scp: undefined, nonce: "n" }],
  ["that is an ID token with the audience of the API", { appid: undefined, appidacr: undefined, scp: undefined }],
  ["of another tenant", { tid: "9999", iss: "https://sts.windows.net/9999/" }],
  ["of another tenant in the same issuer", { tid: "9999" }],
  ["for Microsoft Graph", { aud: "https://graph.microsoft.com" }],
])("a token %s is refused", async (_, changed) => {
  expect(await shop.call(await keySet.sign({ ...claims, ...changed }))).toBe("Unauthenticated");
});
