/** The arguments of the commands for projects. */

import type { Command } from "commander";
import { nonEmpty } from "./option_values.ts";

/** A command for projects and its options. */
export type ProjectsInvocation =
  | { readonly type: "projects list" }
  | { readonly type: "projects rename"; readonly from: string; readonly to: string }
  | { readonly type: "projects move"; readonly name: string; readonly directory: string };

/** Adds the commands to the program; `choose` gets the one that was given. */
export function addProjectCommands(program: Command, choose: (invocation: ProjectsInvocation) => void): void {
  const projects = program.command("projects").description("print, rename and move the plans that --project names");
  projects.command("list", { isDefault: true })
    .description("print all projects: their repositories, tasks and last changes")
    .action(() => choose({ type: "projects list" }));
  projects.command("rename")
    .description("give a project another name, while no server uses it")
    .argument("<old>", "its name")
    .argument("<new>", "its new name")
    .action((from: string, to: string) => choose({ type: "projects rename", from, to }));
  projects.command("move")
    .description("have a project belong to the repository of a directory from now on")
    .argument("<name>", "the name of the project")
    .argument("<directory>", "a directory in the repository", nonEmpty)
    .action((name: string, directory: string) => choose({ type: "projects move", name, directory }));
}
