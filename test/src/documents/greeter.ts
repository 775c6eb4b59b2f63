import { createProject, type Project } from "../published/project.js";
import { type Registry, startRegistry } from "../published/registry.js";
import { blocksOf } from "./blocks.js";
import { once } from "./once.js";

const blocks = blocksOf("README.md");
export const generatedTable = "src/gen/greeter/v1/greeter_auth.ts";

/** A block of the README. */
export function readmeBlock(name: string): string {
  const block = blocks.find((block) => block.name === name);
  if (block === undefined) throw new Error(`README.md has no block ${name}`);
  return block.text;
}

/** The files that the README tells its reader to write. */
export const readmeFiles: readonly string[] = blocks
  .map(({ name }) => name)
  .filter((name) => name.includes(".") && name !== generatedTable);

export const registry: () => Promise<Registry> = once(startRegistry);

/** The project that the README builds, step by step. Each step takes the ones before it. */
export const installed: () => Promise<Project> = once(async () => {
  const project = createProject(await registry());
  await project.run(readmeBlock("install"));
  for (const file of readmeFiles) project.write(file, readmeBlock(file));
  return project;
});

export const generated: () => Promise<Project> = once(async () => {
  const project = await installed();
  await project.run(readmeBlock("generate"));
  return project;
});

export const compiled: () => Promise<Project> = once(async () => {
  const project = await generated();
  await project.use("tsc");
  return project;
});

export async function removeGreeter(): Promise<void> {
  const [project, packages] = await Promise.all([installed(), registry()]);
  project.remove();
  packages.close();
}
