import { createProject, type Project } from "../published/project.js";
import { blocksOf } from "./blocks.js";
import { generated, readmeBlock, registry } from "./greeter.js";
import { once } from "./once.js";

/**
 * The project of a page with protos of its own: the README's, with the protos and snippets of the page, generated and compiled.
 *
 * @param files - by name: what snippets import, and readers have of their own.
 */
export function pageProject(document: string, files: Readonly<Record<string, string>>): () => Promise<Project> {
  return once(async () => {
    const greeter = await generated();
    const project = createProject(await registry(), greeter);
    for (const file of ["buf.yaml", "buf.gen.yaml", "tsconfig.json"]) project.write(file, readmeBlock(file));
    project.write("package.json", greeter.read("package.json"));
    for (const [file, text] of Object.entries(files)) project.write(file, text);
    for (const { name, text } of blocksOf(document)) if (/^(src|proto)\//.test(name)) project.write(name, text);
    await project.use("connectum-auth-proto proto && buf generate && buf lint && buf format -d --exit-code && tsc");
    return project;
  });
}
