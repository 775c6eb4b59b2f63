import { execFileSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { root, run, tryRun } from "./run.js";

// Both packages carry one version.
const { version } = readManifest(join(root, "runtime"));
const packages = [
  { folder: "runtime", tarball: `connectum-auth-${version}.tgz` },
  { folder: "plugin", tarball: `connectum-protoc-gen-connectum-auth-${version}.tgz` },
] as const;

/** What a fresh clone of this tree has: no build, and nothing that git ignores. */
function createClone(): string {
  const clone = mkdtempSync(join(tmpdir(), "connectum-clone-"));
  const listed = execFileSync("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"], { cwd: root });
  for (const file of listed.toString().split("\0")) {
    const isNeeded = /^(runtime|plugin|proto|scripts)\/|^[^/]+$/.test(file);
    if (file !== "" && isNeeded && existsSync(join(root, file))) cpSync(join(root, file), join(clone, file));
  }
  symlinkSync(join(root, "node_modules"), join(clone, "node_modules"), "junction");
  return clone;
}

let clone: string;
beforeAll(() => {
  clone = createClone();
});
afterAll(() => rmSync(clone, { recursive: true, force: true }));

describe.each(packages)("npm pack in $folder of a fresh clone", ({ folder, tarball }) => {
  let unpacked: string;
  beforeAll(async () => {
    await run("npm pack", join(clone, folder));
    await run(`mkdir unpacked && tar -xzf ${tarball} -C unpacked`, join(clone, folder));
    unpacked = join(clone, folder, "unpacked/package");
  }, 120_000);

  test("builds: the tarball has every file that its manifest names, the licence and the options", () => {
    const { main, types, bin, exports, typesVersions } = readManifest(unpacked);
    const named = [main, types, bin, exports, typesVersions].flatMap(leaves);
    expect(named.length).toBeGreaterThan(2);
    for (const file of [...named, "LICENSE", "README.md", "proto/connectum/auth/v1/options.proto"]) {
      expect(existsSync(join(unpacked, file)), file).toBe(true);
    }
    for (const file of ["LICENSE", "proto/connectum/auth/v1/options.proto"]) {
      expect(readFileSync(join(unpacked, file))).toEqual(readFileSync(join(root, file)));
    }
    expect(existsSync(join(unpacked, "dist/tsconfig.tsbuildinfo"))).toBe(false);
  });

  test("the manifest says where the sources, the issues and the documentation are, and pins no dependency", () => {
    const { repository, bugs, homepage, license, engines, dependencies = {} } = readManifest(unpacked);
    expect(repository).toEqual({ type: "git", url: expect.stringMatching(/^git\+https:.*\.git$/), directory: folder });
    expect([bugs?.url, homepage]).toEqual([expect.stringMatching(/^https:/), expect.stringMatching(/^https:/)]);
    expect([license, engines?.node]).toEqual(["Apache-2.0", ">=20"]);
    for (const range of Object.values(dependencies)) expect(range).toMatch(/^\^\d+\.\d+\.\d+$/);
  });

  test("publint finds nothing", async () => {
    expect(await run(`publint --strict ${tarball}`, join(clone, folder), programs)).toContain("All good!");
  });
});

test("npm publish packs the same way, after the build is deleted as well", async () => {
  rmSync(join(clone, "runtime/dist"), { recursive: true });
  const listed = await run("npm publish --dry-run", join(clone, "runtime"), { npm_config_loglevel: "notice" });
  expect(listed).toMatch(/dist\/index\.js/);
}, 120_000);

test("npm pack builds code that is gone or changed, and packs nothing that an older build left", async () => {
  const dist = join(clone, "runtime/dist");
  const before = readdirSync(dist, { recursive: true, encoding: "utf8" }).sort();
  const chunk = before.find((file) => /^chunks\/\w+\.js$/.test(file)) ?? "";
  const code = readFileSync(join(dist, chunk), "utf8");
  rmSync(join(dist, chunk));
  writeFileSync(join(dist, "index.js"), "throw new Error('changed');");
  for (const stale of ["chunks/OLDER.js", "chunks/OLDER.js.map", "older.d.ts"]) writeFileSync(join(dist, stale), "");
  await run("npm pack", join(clone, "runtime"));
  expect(readdirSync(dist, { recursive: true, encoding: "utf8" }).sort()).toEqual(before);
  expect(readFileSync(join(dist, chunk), "utf8")).toBe(code);
  expect(readFileSync(join(dist, "index.js"), "utf8")).not.toContain("changed");
}, 120_000);

describe("npm pack fails, and writes no tarball,", () => {
  const packed = `connectum-auth-${version}.tgz`;

  test.each([
    { name: "when the source does not compile", spoil: `echo "const a: number = 'a';" >> runtime/src/index.ts` },
    { name: "when an entry point is gone", spoil: "rm runtime/dist/policy.d.ts" },
    { name: "when a declaration that an entry point imports is gone", spoil: "rm runtime/dist/create-auth.d.ts" },
    { name: "when dependencies are not installed", spoil: "rm node_modules" },
  ])(
    "$name",
    async ({ spoil }) => {
      const copy = mkdtempSync(join(tmpdir(), "connectum-spoiled-"));
      await run(`cp -Rp ${clone}/. . && rm runtime/*.tgz && ${spoil}`, copy);
      const { status } = await tryRun("npm pack", join(copy, "runtime"));
      expect(status).toBeGreaterThan(0);
      expect(existsSync(join(copy, "runtime", packed))).toBe(false);
      rmSync(copy, { recursive: true, force: true });
    },
    120_000,
  );
});

test("types resolve for every module resolution of TypeScript", async () => {
  const tarball = join(clone, `runtime/connectum-auth-${version}.tgz`);
  // An ES module alone, as README.md says: require() needs Node 20.19, 22.12 or newer.
  const found = await run(
    `attw ${tarball} --format ascii --ignore-rules cjs-resolves-to-esm`,
    dirname(tarball),
    programs,
  );
  expect(found).toContain("No problems found");
}, 120_000);

test("the lock file names every package by its integrity, and no registry", () => {
  const { packages } = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")) as {
    packages: Record<string, { link?: true; integrity?: string; resolved?: string }>;
  };
  const installed = Object.entries(packages).filter(([path, { link }]) => path.includes("node_modules/") && !link);
  expect(installed.length).toBeGreaterThan(100);
  expect(installed.filter(([, { integrity, resolved }]) => integrity === undefined || resolved !== undefined)).toEqual(
    [],
  );
});

/** Gives a command the programs of the repository. */
const programs = { PATH: `${join(root, "node_modules/.bin")}:${process.env["PATH"]}` };

interface Manifest {
  readonly version: string;
  readonly main?: string;
  readonly types?: string;
  readonly bin?: object;
  readonly exports: object;
  readonly typesVersions?: object;
  readonly repository?: object;
  readonly bugs?: { readonly url: string };
  readonly homepage?: string;
  readonly license?: string;
  readonly engines?: { readonly node: string };
  readonly dependencies?: Readonly<Record<string, string>>;
}

function readManifest(folder: string): Manifest {
  return JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
}

function leaves(value: unknown): readonly string[] {
  if (value === undefined) return [];
  return typeof value === "string" ? [value] : Object.values(value as object).flatMap(leaves);
}
