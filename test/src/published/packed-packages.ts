import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { root, run } from "./run.js";

/** The tarballs of our packages, by their folders. */
export type PackedPackages = Readonly<Record<"runtime" | "plugin", string>>;

/** A folder that all test files of this run share; `remove-shared.ts` removes it after the last one. */
export const sharedFolder = (run: number): string => join(tmpdir(), `connectum-tests-${run}`);

/** Packs our packages. The first file that asks does it; the others of the run wait for it. */
export async function packedPackages(): Promise<PackedPackages> {
  const folder = sharedFolder(process.ppid);
  const outcome = join(folder, "outcome.json");
  if (mkdirSync(folder, { recursive: true }) !== undefined) {
    const packed = await pack(folder).catch((error) => ({ error: String(error) }));
    writeFileSync(`${outcome}.part`, JSON.stringify(packed));
    renameSync(`${outcome}.part`, outcome);
  }
  while (!existsSync(outcome)) await sleep(20);
  const packed = JSON.parse(readFileSync(outcome, "utf8"));
  if ("error" in packed) throw new Error(packed.error);
  return packed;
}

async function pack(folder: string): Promise<PackedPackages> {
  const printed = await run(`npm pack --json -w runtime -w plugin --pack-destination ${folder}`, root);
  const packages: { name: string; filename: string }[] = JSON.parse(printed.slice(printed.indexOf("[")));
  const tarball = (name: string) => {
    const file = packages.find((one) => one.name === name)?.filename;
    if (file === undefined) throw new Error(`npm pack wrote no tarball of ${name}: ${printed}`);
    return join(folder, file);
  };
  return { runtime: tarball("@connectum/auth"), plugin: tarball("@connectum/protoc-gen-connectum-auth") };
}
