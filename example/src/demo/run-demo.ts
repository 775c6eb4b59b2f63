import type { DescMethod, JsonValue } from "@bufbuild/protobuf";
import { Code } from "@connectrpc/connect";
import { pino } from "pino";
import { createAudit } from "../audit.js";
import type { Client } from "../clients/client.js";
import { startIdentityProvider } from "../identity-provider.js";
import { startServer } from "../server.js";
import { type Caller, createCallers } from "./callers.js";
import { createClients } from "./clients.js";
import { explain } from "./explain.js";
import { mapConcurrently } from "./map-concurrently.js";
import { type Row, scenarios } from "./scenarios.js";
import { Table, type TableOptions } from "./table.js";

export interface DemoOptions extends TableOptions {
  /** The schema for `buf curl`: a folder of protos, or an image. */
  readonly schema: string;
  /** The access report of the run that generated the tables. */
  readonly report: string;
}

/** Limits parallel calls, since each `buf curl` is a process. */
const concurrency = 4;

/** Runs all calls and prints their outcomes. Returns true if all are as expected. */
export async function runDemo(options: DemoOptions): Promise<boolean> {
  const started = performance.now();
  const identityProvider = await startIdentityProvider();
  const auditLog: string[] = [];
  const onDecision = createAudit(pino({ base: null }, { write: (line) => auditLog.push(line) }));
  const server = await startServer({ identityProvider, onDecision });
  const clients = createClients(server, options.schema);
  try {
    const callers = await createCallers(identityProvider);
    const calls = scenarios.map(({ title, rows }) => ({
      title,
      rows: rows.flatMap((row) =>
        row.clients.map((key) => ({ row, caller: callers[row.caller], client: clients[key] })),
      ),
    }));
    const all = calls.flatMap(({ rows }) => rows);
    const table = new Table(
      [
        longest(all.map(({ caller }) => caller.name)),
        longest(all.map(({ row }) => row.method.name)),
        longest(Object.values(clients).map(({ name }) => name)),
        longest(all.map(({ row, caller }) => expectationOf(row, caller))),
        longest(all.map(({ row, caller }) => expectationOf(row, caller))),
      ],
      options,
    );
    console.log(
      table.row(
        " ",
        ["caller", "method", "client", "expected", "got", "why"].map((name) => [name, "dim"]),
      ),
    );
    let failed = 0;
    for (const { title, rows } of calls) {
      console.log(`\n  ${table.paint(title, "bold")}`);
      const lines = await mapConcurrently(rows, concurrency, async ({ row, caller, client }) => {
        const expected = expectationOf(row, caller);
        const got = await outcomeOf(row, caller, client).catch((error: Error) => `failed: ${error.message.trim()}`);
        const isExpected = got === expected;
        if (!isExpected) failed++;
        return table.row(isExpected ? table.paint("✓", "green") : table.paint("✗", "red"), [
          caller.name,
          row.method.name,
          client.name,
          [expected, "dim"],
          isExpected ? got : [got, "red"],
          [[explain(row.method, caller), ...(row.because ? [row.because] : [])].join("; "), "dim"],
        ]);
      });
      for (const line of lines) console.log(line);
    }
    console.log(`\n  ${summary(all.length, failed, (performance.now() - started) / 1000)}`);
    console.log(`  The audit log has ${auditLog.length} decisions. The last one:\n  ${auditLog.at(-1)}`);
    console.log(`  Who may call what: open ${options.report} in a browser, or read example/access/access.md.`);
    return failed === 0;
  } finally {
    for (const client of Object.values(clients)) client.close();
    await server.close();
    await identityProvider.close();
  }
}

/** Returns the expected outcome of a call. An admitted call has the caller's subject. */
function expectationOf({ expected, method }: Row, { subject }: Caller): string {
  if (expected !== "ok") return nameOf(expected);
  return tellsCaller(method) ? `ok, as ${subject}` : "ok";
}

async function outcomeOf({ method, messages = [{}] }: Row, { token }: Caller, client: Client): Promise<string> {
  const answer = await client.call({ method, messages, token });
  if (!answer.ok) return nameOf(answer.code);
  if (!tellsCaller(method)) return "ok";
  const subjects = new Set(answer.messages.map(callerOf));
  return `ok, as ${[...subjects].join(" and ") || "nobody"}`;
}

/** Returns true if the response of a method has the caller's subject. Public methods have no caller. */
function tellsCaller(method: DescMethod): boolean {
  return method.output.field["caller"] !== undefined;
}

function callerOf(message: JsonValue): string {
  return typeof message === "object" && message !== null && "caller" in message ? String(message["caller"]) : "nobody";
}

/** The name of a status code on the wire, for example `permission_denied`. */
function nameOf(code: Code): string {
  return Code[code].replace(/(?<=.)[A-Z]/g, "_$&").toLowerCase();
}

function longest(texts: readonly string[]): number {
  return Math.max(...texts.map((text) => text.length));
}

function summary(count: number, failed: number, seconds: number): string {
  const calls = `${count} calls in ${seconds.toFixed(1)} s`;
  return failed === 0 ? `${calls}, all as expected.` : `${calls}, ${failed} NOT as expected.`;
}
