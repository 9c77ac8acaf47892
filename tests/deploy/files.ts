/** Reads the files of `deploy/` as the programs do for which they are. */

import { assert } from "@std/assert";
import { type Copy, DockerfileParser, type Instruction, type JSONInstruction } from "dockerfile-ast";
import { parse } from "yaml";

const DEPLOY = new URL("../../deploy/", import.meta.url);

export function readDeployed(name: string): Promise<string> {
  return Deno.readTextFile(new URL(name, DEPLOY));
}

/** What the Dockerfile says of the image. */
export interface Image {
  /** The images that it starts from. */
  readonly bases: readonly string[];
  /** What is copied out of the code, and the command that makes one file of it. */
  readonly copied: readonly string[];
  readonly build: string;
  readonly user: string;
  readonly env: Readonly<Record<string, string>>;
  readonly entrypoint: readonly string[];
  readonly command: readonly string[];
  readonly healthcheck: readonly string[];
}

export async function readImage(): Promise<Image> {
  const dockerfile = DockerfileParser.parse(await readDeployed("Dockerfile"));
  const instructions = dockerfile.getInstructions();
  const all = (keyword: string) => instructions.filter((each) => each.getKeyword() === keyword);
  const last = (keyword: string) => all(keyword).at(-1) ?? missing(keyword);
  // Instructions with these keywords have these classes.
  const copies = all("COPY") as Copy[];
  const [, check] = /CMD (\[.+\])$/.exec(last("HEALTHCHECK").getArgumentsContent() ?? "") ?? [];
  return {
    bases: all("FROM").map((from) => textsOf(from)[0] ?? ""),
    copied: copies.filter((copy) => copy.getFlags().length === 0).flatMap((copy) => textsOf(copy).slice(0, -1)),
    build: all("RUN")[0]?.getArgumentsContent() ?? "",
    user: last("USER").getArgumentsContent() ?? "",
    env: Object.fromEntries(textsOf(last("ENV")).map((text) => text.split("=", 2))),
    entrypoint: jsonOf(last("ENTRYPOINT")),
    command: jsonOf(last("CMD")),
    healthcheck: JSON.parse(check ?? missing("a healthcheck without a shell")),
  };
}

function textsOf(instruction: Instruction): readonly string[] {
  return instruction.getArguments().map((argument) => argument.getValue());
}

function jsonOf(instruction: Instruction): readonly string[] {
  const strings = (instruction as JSONInstruction).getJSONStrings();
  assert(strings.length > 0, `${instruction.getKeyword()} is no list, so a shell would run it and get its signals`);
  return strings.map((text) => JSON.parse(text.getValue()));
}

function missing(what: string): never {
  throw new Error(`The Dockerfile lacks ${what}`);
}

/** The part of a service in compose.yaml that is looked at. */
export interface ComposeService {
  readonly image: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly secrets: readonly string[];
  readonly restart: string;
  readonly ports?: readonly string[];
  readonly healthcheck?: { readonly test: readonly string[] };
  readonly read_only?: boolean;
  readonly tmpfs?: readonly string[];
  readonly cap_drop?: readonly string[];
  readonly security_opt: readonly string[];
}

export interface Compose {
  readonly name: string;
  readonly services: Readonly<Record<string, ComposeService>>;
  readonly secrets: Readonly<Record<string, { readonly file: string }>>;
}

export async function readCompose(): Promise<Compose> {
  return parse(await readDeployed("compose.yaml"), { merge: true, strict: true, uniqueKeys: true });
}

/** The last value of a setting of a systemd unit, with its specifiers replaced. */
export function settingOf(unit: string, name: string, specifiers: Readonly<Record<string, string>>): string {
  const value = Array.from(unit.matchAll(new RegExp(`^${name}=(.+)$`, "gm")), ([, text = ""]) => text).at(-1);
  if (value === undefined) throw new Error(`There is no ${name}`);
  return value.replaceAll(/%(.)/g, (text, letter) => specifiers[letter] ?? text);
}
