/** Finds out whether an address is that of the service that has a key. Sends neither the key nor anything else that is secret. */

import * as z from "zod";
import { answerTo, newChallenge } from "../../app/local_key.ts";
import { CHALLENGE_HEADER, CHALLENGE_PATH } from "../local_caller.ts";

/**
 * Longest wait for the answer, in milliseconds. The service is on this machine, which may be busy, and may be stopped: the
 * files are used after that.
 */
const CHALLENGE_MS = 5_000;

/** Most bytes of the answer. */
const MAX_ANSWER_BYTES = 1_000;

const answerSchema = z.object({ answer: z.string() });

/** Why the address does not answer as the service that has the key; undefined if it does. */
export async function notItself(service: URL, key: string): Promise<string | undefined> {
  const challenge = newChallenge();
  try {
    const response = await fetch(new URL(`.${CHALLENGE_PATH}`, service), {
      headers: { [CHALLENGE_HEADER]: challenge, accept: "application/json" },
      redirect: "manual",
      signal: AbortSignal.timeout(CHALLENGE_MS),
    });
    const { data } = answerSchema.safeParse(JSON.parse(await shortText(response)));
    return data?.answer === await answerTo(challenge, key) ? undefined : "another program answers there";
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof TooLong) return "another program answers there";
    return error instanceof Error && error.name === "TimeoutError"
      ? `it does not answer within ${CHALLENGE_MS} ms`
      : `nobody answers there (${
        error instanceof Error && error.cause instanceof Error ? error.cause.message : error
      })`;
  }
}

class TooLong extends Error {}

async function shortText({ body }: Response): Promise<string> {
  let text = "";
  for await (const chunk of body?.pipeThrough(new TextDecoderStream()) ?? []) {
    text += chunk;
    if (text.length > MAX_ANSWER_BYTES) throw new TooLong();
  }
  return text;
}
