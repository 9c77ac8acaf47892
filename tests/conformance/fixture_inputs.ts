/** The tools of the fixture that need input of the client, as revision 2026-07-28 has it: in a further request. */

import {
  acceptedContent,
  CLIENT_CAPABILITIES_META_KEY,
  createRequestStateCodec,
  type InputRequests,
  inputRequired,
  type McpServer,
} from "@modelcontextprotocol/server";
import * as z from "zod";

/** Signs the state that clients bring back. */
export const requestStates = createRequestStateCodec<{ readonly step: number }>({
  key: crypto.getRandomValues(new Uint8Array(32)),
});

const description = "Needs input";

const message = { type: "text" as const, text: "What is the capital of France?" };

const REQUESTS = {
  user_name: inputRequired.elicit({ message: "What is your name?", requestedSchema: z.object({ name: z.string() }) }),
  confirm: inputRequired.elicit({ message: "Please confirm", requestedSchema: z.object({ ok: z.boolean() }) }),
  capital_question: inputRequired.createMessage({ messages: [{ role: "user", content: message }], maxTokens: 100 }),
  client_roots: inputRequired.listRoots(),
};

/** Tools that need one round of input: what they ask, and whether they give the client a state to bring back. */
const ONE_ROUND: Readonly<Record<string, { readonly asks: InputRequests; readonly hasState?: boolean }>> = {
  test_input_required_result_sampling: { asks: pick("capital_question") },
  test_input_required_result_list_roots: { asks: pick("client_roots") },
  test_input_required_result_request_state: { asks: pick("confirm"), hasState: true },
  test_input_required_result_tampered_state: { asks: pick("confirm"), hasState: true },
  test_input_required_result_multiple_inputs: {
    asks: pick("user_name", "capital_question", "client_roots"),
    hasState: true,
  },
};

export function addInputs(mcp: McpServer): void {
  for (const [name, { asks, hasState = false }] of Object.entries(ONE_ROUND)) {
    mcp.registerTool(name, { description }, async ({ mcpReq }) => {
      const isComplete = Object.keys(asks).every((key) => mcpReq.inputResponses?.[key] !== undefined);
      if (isComplete && (!hasState || stepOf(mcpReq) === 1)) return done(hasState ? "state-ok" : "complete");
      return inputRequired({
        inputRequests: asks,
        ...(hasState && { requestState: await requestStates.mint({ step: 1 }) }),
      });
    });
  }
  mcp.registerTool("test_input_required_result_elicitation", { description }, ({ mcpReq }) => {
    const given = acceptedContent(mcpReq.inputResponses, "user_name", z.object({ name: z.string() }));
    return given === undefined ? inputRequired({ inputRequests: pick("user_name") }) : done(`Hello, ${given.name}!`);
  });
  mcp.registerTool("test_input_required_result_multi_round", { description }, async ({ mcpReq }) => {
    const step = stepOf(mcpReq);
    if (step === 2) return done("complete");
    const inputRequests = { [`step${step + 1}`]: REQUESTS.user_name };
    return inputRequired({ inputRequests, requestState: await requestStates.mint({ step: step + 1 }) });
  });
  mcp.registerTool("test_input_required_result_capabilities", { description }, ({ mcpReq }) => {
    const { sampling, elicitation } = Object(Object(mcpReq.envelope)[CLIENT_CAPABILITIES_META_KEY]);
    const inputRequests = {
      ...(sampling !== undefined && pick("capital_question")),
      ...(elicitation !== undefined && pick("user_name")),
    };
    return inputRequired({ inputRequests });
  });
}

/** How many rounds are done. */
function stepOf({ requestState }: { readonly requestState: <State>() => State | undefined }): number {
  return requestState<{ readonly step: number }>()?.step ?? 0;
}

function pick(...keys: readonly (keyof typeof REQUESTS)[]): InputRequests {
  return Object.fromEntries(keys.map((key) => [key, REQUESTS[key]]));
}

function done(text: string) {
  return { content: [{ type: "text" as const, text }] };
}
