/**
 * The id of an instance that gives none: the client's name and two random words, so that a person recognizes it and two
 * sessions of one client hardly ever get the same.
 */

import { instanceName } from "../core/model/instance_name.ts";

/**
 * The id of the instance of a session.
 *
 * @param random a number from 0 to below 1, at each call
 */
export function instanceNameOf(client: string, random: () => number): string {
  const word = () => WORDS[Math.floor(random() * WORDS.length)] ?? "";
  return instanceName(client, [word(), word()]);
}

/** Short words that are easy to tell apart: 10,000 pairs. */
export const WORDS: readonly string[] = (
  "acorn amber apple ash aspen badger bark bay beech berry birch bison brook cedar cherry clay cliff clover cloud coal " +
  "cobra coral crane creek crow daisy dawn deer delta dove dune eagle elk elm ember falcon fern finch fjord flint fox " +
  "frost gecko glen goose grape gull hare hawk hazel heron hill ibex iris ivy jade kelp koala lake lark leaf lemon lily " +
  "lotus lynx maple marsh meadow mint mole moon moss moth oak olive onyx opal orca otter owl palm pearl pebble pine " +
  "plum pond quail rain raven reed river robin rose sage seal stone swan tide tiger wolf"
).split(" ");
