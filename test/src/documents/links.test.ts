import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { expect, test } from "vitest";
import { root } from "../published/run.js";

const documents = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard", "*.md"], { cwd: root })
  .toString()
  .split("\n")
  .filter((file) => file !== "" && existsSync(join(root, file)));

const withoutBlocks = (file: string) => readFileSync(join(root, file), "utf8").replaceAll(/^```[\s\S]*?^```$/gm, "");

/** The anchors that GitHub makes of headings: `## What never to log` is `#what-never-to-log`. */
function anchorsOf(file: string): string[] {
  return [...withoutBlocks(file).matchAll(/^#+ +(.*)$/gm)].map(([, heading = ""]) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\- _]/gu, "")
      .replaceAll(" ", "-"),
  );
}

/** The links of a document to files and headings that are not there. */
function brokenLinks(file: string): string[] {
  const links = [...withoutBlocks(file).matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = ""]) => link);
  return links.filter((link) => {
    if (/^\w+:/.test(link)) return false;
    const [path = "", anchor] = link.split("#");
    const target = path === "" ? file : normalize(join(dirname(file), path));
    if (!existsSync(join(root, target))) return true;
    return anchor !== undefined && !anchorsOf(target).includes(anchor);
  });
}

test.each(documents)("every link of %s leads somewhere", (file) => {
  expect(brokenLinks(file)).toEqual([]);
});

test("every page of docs/ is in the list of the README", () => {
  const pages = documents.filter((file) => file.startsWith("docs/"));
  const readme = readFileSync(join(root, "README.md"), "utf8");
  expect(pages.filter((page) => !readme.includes(`](${page})`))).toEqual([]);
});
