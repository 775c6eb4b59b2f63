// What authentication and authorization cost together: a token seen before, one never seen, and garbage.
//
//     node bench/chain/index.js [rounds]
import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import * as auth from "@connectum/auth";
import { baseline } from "../support/baseline.js";
import { describeMachine, measure, verdict } from "../support/measure.js";
import {
  algorithms,
  boundToken,
  calls,
  joseAlone,
  joseProof,
  ours,
  oursWithProofs,
  passThrough,
  proofs,
  reflective,
  sign,
} from "./callers.js";

const rounds = Number(process.argv[2] ?? 15);
const print = (results) => {
  for (const [name, time] of Object.entries(results)) console.log(`  ${time.toFixed(0).padStart(8)} ns  ${name}`);
};

console.log(describeMachine());
const token = await sign(0);
console.log("\nA token seen before, and a role that the caller has");
{
  const results = await measure(
    {
      "(a) no interceptor": calls([], () => token),
      "(b) pass-through": calls([passThrough], () => token),
      "(c) verified by jose, decided by reflection": calls(reflective(), () => token),
      ours: calls(ours(), () => token),
      ...(baseline && { "ours, baseline": calls(ours(baseline), () => token) }),
    },
    { calls: 10_000, rounds },
  );
  print(results);
  const base = results["(a) no interceptor"];
  verdict(
    "what (c) adds, against what ours adds",
    (results["(c) verified by jose, decided by reflection"] - base) / (results.ours - base),
    { atLeast: 20 },
  );
  if (baseline !== undefined) {
    const ratio = (results.ours - base) / (results["ours, baseline"] - base);
    verdict("what ours adds, against the baseline", ratio, { atMost: 1.05 });
  }
}

for (const alg of algorithms) {
  console.log(`\nA token never seen, ${alg}`);
  const [perRound, warmup] = [500, 10];
  // The cache would know a token of an earlier round: each variant is given its own, once.
  const supply = (tokens) => {
    let used = 0;
    return () => tokens[used++];
  };
  const count = Math.ceil(perRound * 1.1) * (rounds + warmup);
  const tokens = await Promise.all(Array.from({ length: count }, (_, i) => sign(i + 1, {}, alg)));
  const results = await measure(
    {
      "jose alone": calls([joseAlone(alg)], supply(tokens), { turns: true }),
      ours: calls(ours(auth, alg), supply(tokens), { turns: true }),
      ...(baseline && { "ours, baseline": calls(ours(baseline, alg), supply(tokens), { turns: true }) }),
    },
    { calls: perRound, rounds, warmup },
  );
  print(results);
  verdict("ours against jose alone", results.ours / results["jose alone"], { atMost: 0.7 });
}

console.log("\nGarbage: a token whose signature is wrong, another one each time");
{
  let serial = 0;
  const [head, body] = token.split(".");
  const garbage = () => `${head}.${body}.${Buffer.from(String(serial++).padStart(256, "x")).toString("base64url")}`;
  const results = await measure(
    {
      "jose alone": calls([joseAlone("RS256")], garbage, { turns: true }),
      ours: calls(ours(), garbage, { refused: true, turns: true }),
      ...(baseline && { "ours, baseline": calls(ours(baseline), garbage, { refused: true, turns: true }) }),
    },
    { calls: 500, rounds, warmup: 10 },
  );
  print(results);
  verdict("ours against jose alone", results.ours / results["jose alone"], { atMost: 1.1 });
}

console.log("\nA token seen before, bound to a key, with a proof for each call (DPoP, ES256)");
{
  const [perRound, warmup] = [200, 10];
  const supply = (list) => {
    let used = 0;
    return () => list[used++];
  };
  const count = Math.ceil(perRound * 1.1) * (rounds + warmup);
  const unused = await proofs(count);
  const ofBound = () => boundToken;
  const results = await measure(
    {
      "the proof by jose alone": calls([joseProof], ofBound, { proofOf: supply(unused) }),
      "ours, with the proof": calls(oursWithProofs(), ofBound, { proofOf: supply(unused) }),
      "ours, without": calls(ours(), () => token),
    },
    { calls: perRound, rounds, warmup },
  );
  print(results);
  verdict(
    "ours against the proof by jose alone",
    results["ours, with the proof"] / results["the proof by jose alone"],
    {
      atMost: 1.1,
    },
  );
}

console.log("\nMemory on the allowed path");
process.stdout.write(
  // A young generation that holds all that is allocated, so that nothing is collected while it is counted.
  execFileSync(process.execPath, [
    "--expose-gc",
    "--min-semi-space-size=1024",
    "--max-semi-space-size=1024",
    fileURLToPath(new URL("memory.js", import.meta.url)),
  ]),
);
