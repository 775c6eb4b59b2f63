import { PassThrough } from "node:stream";
import { Code, ConnectError } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import type { DecisionEvent } from "@connectum/auth";
import { context, metrics, trace } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from "@opentelemetry/sdk-metrics";
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from "@opentelemetry/sdk-trace-base";
import { pino } from "pino";
import { expect } from "vitest";
import type { Runs } from "./runs.js";
import { clientOf, parts, serve, snippet } from "./shop.js";

/** Meters and tracers that keep in memory whatever they are told. */
function startTelemetry() {
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 600_000 });
  const meters = new MeterProvider({ readers: [reader] });
  const spans = new InMemorySpanExporter();
  const tracers = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(spans)] });
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  metrics.setGlobalMeterProvider(meters);
  trace.setGlobalTracerProvider(tracers);
  return {
    spans,
    async counted() {
      await reader.forceFlush();
      const points = exporter.getMetrics().at(-1)?.scopeMetrics[0]?.metrics[0]?.dataPoints ?? [];
      return points.map(({ attributes, value }) => [attributes["auth.effect"], attributes["auth.reason"], value]);
    },
    async stop() {
      await Promise.all([meters.shutdown(), tracers.shutdown()]);
      context.disable();
      metrics.disable();
      trace.disable();
    },
  };
}

type CreateObserver = (logger: unknown) => (event: DecisionEvent) => void;

export const observability: Runs = {
  install: async (text) => expect(text).toContain("npm install"),

  async "src/observability/observe.ts"() {
    const telemetry = startTelemetry();
    const lines = new PassThrough();
    const { createObserver } = await snippet<{ createObserver: CreateObserver }>("src/observability/observe.ts");
    const { runtime, policies } = await parts();
    const auth = runtime.createAuth({
      policies,
      onDecision: createObserver(pino({ level: "debug" }, lines)),
      authenticate: runtime.credentials({
        name: "key",
        async verifyCredentials(key) {
          if (key === "expired") throw new runtime.InvalidCredentialError("expired", { reason: "expired" });
          return key === "ada" ? { subject: "ada", roles: ["viewer"] } : null;
        },
      }),
    });
    // As tracing of the HTTP server does it: the whole call runs inside a span.
    const tracer = trace.getTracer("test");
    const server = await serve(auth, {}, (call) =>
      tracer.startActiveSpan("call", (span) => {
        call();
        setTimeout(() => span.end(), 200);
      }),
    );
    try {
      const client = await clientOf(createGrpcTransport({ baseUrl: server.http2Url }));
      const as = (key: string) => ({ headers: { authorization: `Bearer ${key}` } });
      await client.getOrder({}, as("ada"));
      const denied = await (async () => client.cancelOrder({}, as("ada")))().catch(ConnectError.from);
      expect(denied).toMatchObject({ code: Code.PermissionDenied });
      const expired = await (async () => client.getOrder({}, as("expired")))().catch(ConnectError.from);
      expect(expired).toMatchObject({ code: Code.Unauthenticated });
      expect(await telemetry.counted()).toEqual([
        ["allow", "none", 1],
        ["deny", "missing-role", 1],
        ["deny", "expired", 1],
      ]);
      await expect
        .poll(() => telemetry.spans.getFinishedSpans().map(({ attributes }) => attributes["auth.reason"]))
        .toEqual(["none", "missing-role", "unauthenticated"]);
      const logged = String(lines.read())
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line));
      expect(logged.map(({ msg, subject, reason, credential }) => [msg, subject, reason, credential])).toEqual([
        ["allowed", "ada", undefined, undefined],
        ["denied", "ada", "missing-role", undefined],
        ["denied", undefined, "unauthenticated", "expired"],
      ]);
      expect(String(JSON.stringify(logged))).not.toContain("Bearer");
    } finally {
      server.close();
      await telemetry.stop();
    }
  },

  async "src/observability/auth.ts"() {
    expect(Object.keys(await snippet("src/observability/auth.ts"))).toEqual(["auth"]);
  },
};
