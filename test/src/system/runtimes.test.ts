import { createConnectTransport, createGrpcTransport, createGrpcWebTransport } from "@connectrpc/connect-node";
import { startTestKeySet } from "@connectum/auth/testing";
import { afterAll, test } from "vitest";
import { type Protocol, places } from "../runtimes/places.js";
import { scenarios } from "../runtimes/scenarios.js";

const url = (port = "") => `http://127.0.0.1:${port}`;

function transportOf(protocol: Protocol, [http1, http2]: readonly string[]) {
  if (protocol === "grpc") return createGrpcTransport({ baseUrl: url(http2) });
  if (protocol === "grpc-web") return createGrpcWebTransport({ baseUrl: url(http1), httpVersion: "1.1" });
  if (protocol === "connect") return createConnectTransport({ baseUrl: url(http1), httpVersion: "1.1" });
  return createConnectTransport({ baseUrl: url(http2), httpVersion: "2" });
}

/** The protocols with the right answer, by place and scenario. */
const right = new Map<string, Map<string, Protocol[]>>(places.map(({ name }) => [name, new Map()]));
afterAll(() => console.log(asTable()));

// A place is one test, since an outage of its key set concerns all its calls. The places run beside each other.
test.concurrent.for(places)(
  "$name answers every call as it should",
  { timeout: 240_000 },
  async ({ name, protocols, isDuplex, start }, { expect }) => {
    const keySet = await startTestKeySet();
    const place = await start(keySet.jwksUri);
    const wrong: string[] = [];
    try {
      for (const protocol of protocols) {
        const isHttp2 = protocol === "grpc" || protocol === "connect, HTTP/2";
        for (const [scenario, { run, want, needsDuplex }] of Object.entries(scenarios)) {
          // Node's servers of HTTP/1.1 refuse requests that go on while they are answered.
          if (needsDuplex && !isDuplex && !isHttp2) continue;
          const target = { baseUrl: url(place.ports[0]), transport: transportOf(protocol, place.ports), keySet };
          const got = await run(target).catch((error: unknown) => String(error));
          if (got !== want) wrong.push(`${protocol}: ${scenario}: ${got}, not ${want}`);
          else addTo(right.get(name), scenario, protocol);
        }
      }
    } finally {
      await place.stop();
      await keySet.close();
    }
    expect(wrong, place.output().slice(-2_000)).toEqual([]);
  },
);

function addTo(cells: Map<string, Protocol[]> | undefined, scenario: string, protocol: Protocol): void {
  cells?.set(scenario, [...(cells.get(scenario) ?? []), protocol]);
}

/** A row for each scenario, a column for each place: the number of protocols with the right answer. */
function asTable(): string {
  const width = Math.max(...Object.keys(scenarios).map(({ length }) => length));
  const cellOf = (name: string, scenario: string) => {
    const count = right.get(name)?.get(scenario)?.length ?? 0;
    const all = places.find((place) => place.name === name)?.protocols.length;
    return (count === 0 ? "no" : count === all ? "ok" : `${count} of ${all}`).padEnd(name.length);
  };
  const names = places.map(({ name }) => name);
  const lines = Object.keys(scenarios).map(
    (scenario) => `${scenario.padEnd(width)}  ${names.map((name) => cellOf(name, scenario)).join("  ")}`,
  );
  return ["", `${"".padEnd(width)}  ${names.join("  ")}`, ...lines].map((line) => line.trimEnd()).join("\n");
}
