/** The tool methods: list and call. */

import * as z from "zod";
import { Unavailable } from "../../app/ports.ts";
import { lazy } from "../../core/model/lazy.ts";
import { Refusal } from "../../core/model/refusal.ts";
import { type CallToolResult, ProtocolError, ProtocolErrorCode } from "../sdk.ts";
import { charactersOf, type Tool, toResult } from "../tool.ts";
import { defineMethod, type Method, noParams } from "./method.ts";

/** `arguments` is not validated here: the tool answers bad ones with a result, which models see. */
const CallParams = lazy(() => z.object({ name: z.string(), arguments: z.unknown().optional() }));

/** Loads the tools, at the first call; by name, in the order in which they are listed. */
export type Tools = () => Promise<ReadonlyMap<string, Tool>>;

export function toolMethods(tools: Tools): readonly Method[] {
  return [
    defineMethod("tools/list", noParams, async () => {
      return { tools: Array.from((await tools()).values(), (tool) => tool.list()) };
    }),
    defineMethod("tools/call", CallParams, async (params, call) => {
      const byName = await tools();
      const tool = byName.get(params.name);
      if (tool === undefined) throw unknownTool(params.name, [...byName.keys()]);
      try {
        const answer = await tool.answer(params.arguments, call);
        return await call.answers.write(() => toResult(answer), charactersOf);
      } catch (error) {
        return failure(call.told(error));
      }
    }),
  ];
}

function unknownTool(name: string, known: readonly string[]): ProtocolError {
  return new ProtocolError(ProtocolErrorCode.InvalidParams, `Unknown tool ${name}: the tools are ${known.join(", ")}`);
}

/** The result of a call that ended with a `Refusal` or was `Unavailable`. Throws any other error. */
function failure(error: unknown): CallToolResult {
  if (!(error instanceof Refusal || error instanceof Unavailable)) throw error;
  const { code, message } = error;
  return {
    isError: true,
    content: [{ type: "text", text: message }],
    structuredContent: { error: { code, message, ...(error instanceof Refusal && { data: error.data }) } },
  };
}
