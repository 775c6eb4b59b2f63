import { createConnectTransport, createGrpcTransport, createGrpcWebTransport } from "@connectrpc/connect-node";
import { startTestKeySet, type TestKeySet } from "@connectum/auth/testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Protocol, places, type StartedPlace } from "../runtimes/places.js";
import { scenarios } from "../runtimes/scenarios.js";

const url = (port = "") => `http://127.0.0.1:${port}`;

function transportOf(protocol: Protocol, [http1, http2]: readonly string[]) {
  if (protocol === "grpc") return createGrpcTransport({ baseUrl: url(http2) });
  if (protocol === "grpc-web") return createGrpcWebTransport({ baseUrl: url(http1), httpVersion: "1.1" });
  if (protocol === "connect") return createConnectTransport({ baseUrl: url(http1), httpVersion: "1.1" });
  return createConnectTransport({ baseUrl: url(http2), httpVersion: "2" });
}

/** The answers that were not as expected, by scenario and place; empty where all were. */
const failures = new Map<string, Map<string, readonly string[]>>();
afterAll(() => console.log(asTable()));

describe.each(places)("$name", ({ name, protocols, isDuplex, start }) => {
  let keySet: TestKeySet;
  let place: StartedPlace;
  beforeAll(async () => {
    keySet = await startTestKeySet();
    place = await start(keySet.jwksUri);
  });
  afterAll(async () => {
    await place?.stop();
    await keySet?.close();
  });

  describe.each(protocols)("%s", (protocol) => {
    const isHttp2 = protocol === "grpc" || protocol === "connect, HTTP/2";
    // Node's servers of HTTP/1.1 refuse requests that go on while they are answered.
    const possible = Object.entries(scenarios).filter(([, { needsDuplex }]) => !needsDuplex || isDuplex || isHttp2);

    test.each(possible)("%s", async (scenario, { run, want }) => {
      const row = failures.get(scenario) ?? new Map<string, readonly string[]>();
      failures.set(scenario, row);
      const before = row.get(name) ?? [];
      row.set(name, [...before, `${protocol}: not run to its end`]);
      const target = { baseUrl: url(place.ports[0]), transport: transportOf(protocol, place.ports), keySet };
      const got = await run(target).catch((error: unknown) => String(error));
      row.set(name, got === want ? before : [...before, `${protocol}: ${got}`]);
      expect(got, place.output().slice(-2_000)).toBe(want);
    });
  });
});

/** A row for each scenario, a column for each place. */
function asTable(): string {
  const width = Math.max(...[...failures.keys()].map(({ length }) => length));
  const lines = [...failures].map(([scenario, cells]) => {
    const columns = places.map(({ name }) => {
      const failed = cells.get(name);
      const text = failed === undefined ? "-" : failed.length === 0 ? "ok" : "FAILED";
      return text.padEnd(name.length);
    });
    return `${scenario.padEnd(width)}  ${columns.join("  ")}`.trimEnd();
  });
  return [`${"".padEnd(width)}  ${places.map(({ name }) => name).join("  ")}`, ...lines].join("\n");
}
