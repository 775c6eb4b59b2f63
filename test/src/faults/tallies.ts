import { type Complaint, expectation, type JudgedCall, judge } from "./oracle.js";
import type { World } from "./world.js";

/** What became of the calls of one kind of caller. */
interface Row {
  calls: number;
  /** Calls that had to be answered, and calls that had to be refused. */
  certain: { ok: number; refused: number };
  readonly codes: Map<string, number>;
  wrong: number;
}

/** Counts calls by who made them, and keeps what was wrong with them. */
export class Tallies {
  readonly #rows: Map<string, Row> = new Map();
  readonly #examples: Map<string, { count: number; readonly examples: string[] }> = new Map();
  calls = 0;
  wrong = 0;
  /** The longest call that nothing held up but the server, in milliseconds. */
  slowest = 0;

  /** Judges a call by the state of the world, and counts it. */
  record(caller: string, wire: string, world: World, call: JudgedCall, hold: number): void {
    const { outcome } = call;
    const row = this.#count(caller, outcome.code);
    const expected = expectation(world, call);
    if (expected !== "either") row.certain[expected]++;
    if (!call.instance.frozen.ever(outcome.from, outcome.to, Boolean)) {
      this.slowest = Math.max(this.slowest, outcome.to - outcome.from - hold);
    }
    const complaint = judge(world, call);
    if (complaint === undefined) return;
    row.wrong++;
    this.complain(caller, complaint, `${wire}, instance ${call.instance.number}: ${stateOf(world, call)}`);
  }

  /** Counts a call that is judged by its code alone. */
  recordPlain(caller: string, code: string, isRight: boolean): void {
    const row = this.#count(caller, code);
    if (isRight) return;
    row.wrong++;
    this.complain(caller, { kind: "wrong code", why: code }, "");
  }

  complain(caller: string, { kind, why }: Complaint, state: string): void {
    this.wrong++;
    const name = `${kind.toUpperCase()}, ${caller}`;
    const found = this.#examples.get(name) ?? { count: 0, examples: [] };
    found.count++;
    if (found.count === 1) console.log(`  ${name}: ${why} (${state})`);
    if (found.examples.length < 4) found.examples.push(`${why} (${state})`);
    this.#examples.set(name, found);
  }

  #count(caller: string, code: string): Row {
    const row = this.#rows.get(caller) ?? { calls: 0, certain: { ok: 0, refused: 0 }, codes: new Map(), wrong: 0 };
    this.#rows.set(caller, row);
    row.calls++;
    this.calls++;
    row.codes.set(code, (row.codes.get(code) ?? 0) + 1);
    return row;
  }

  /** A table of all callers, and what was wrong. */
  print(): void {
    const table = [...this.#rows]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([caller, { calls, certain, codes, wrong }]) => ({
        caller,
        calls,
        "had to be ok": certain.ok,
        "had to be refused": certain.refused,
        ok: codes.get("ok") ?? 0,
        unauthenticated: codes.get("Unauthenticated") ?? 0,
        unavailable: codes.get("Unavailable") ?? 0,
        other: calls - ["ok", "Unauthenticated", "Unavailable"].reduce((sum, code) => sum + (codes.get(code) ?? 0), 0),
        WRONG: wrong,
      }));
    const names = Object.keys(table[0] ?? {}) as (keyof (typeof table)[number])[];
    const widths = names.map((name) => Math.max(name.length, ...table.map((row) => String(row[name]).length)));
    const line = (cells: readonly unknown[]) =>
      cells.map((cell, i) => String(cell)[i === 0 ? "padEnd" : "padStart"](widths[i] as number)).join("  ");
    console.log(line(names));
    for (const row of table) console.log(line(names.map((name) => row[name])));
    for (const [name, { count, examples }] of this.#examples) {
      console.log(`${name}: ${count} times`);
      for (const example of examples) console.log(`    ${example}`);
    }
  }
}

/** Everything that was out of order while a call was made, and what it came to. */
function stateOf(world: World, { outcome: { from, to, code, answers }, instance, credential }: JudgedCall): string {
  const before = from - 10_000;
  const faults = [
    ...world.issuers.map(({ issuer, endpoint }) => [issuer, endpoint.health] as const),
    ["sessions", world.sessions.health] as const,
    ["store", world.store.health] as const,
  ].flatMap(([name, health]) =>
    [...health.between(before, to)]
      .filter(({ value }) => value !== "well")
      .map(({ from: start, to: end, value }) => `${name} ${value} ${start - from}..${end - from}`),
  );
  const clock = [...instance.clock.between(before, to)].map(
    ({ from: start, value }) =>
      `${Math.max(start, before) - from}: ${value.low === value.high ? value.low : "stepping"}`,
  );
  const what =
    credential.kind === "token"
      ? `expires ${credential.token.expiresAt - from}, key from ${credential.token.key.publishedAt - from} to ${credential.token.key.removedAt - from}`
      : credential.kind;
  return `${code} after ${to - from} ms with ${answers.length} answers; ${what}; faults ${faults.join(", ") || "none"}; clock ${clock.reverse().join(", ")}`;
}
