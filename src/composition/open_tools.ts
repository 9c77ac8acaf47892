/** Tools of a plan, which are opened when they are first called. */

import type { ToolCaller } from "../app/operation.ts";

/** Tools of a plan, which can be called until this is disposed of. */
export interface OpenTools extends AsyncDisposable {
  readonly call: ToolCaller;
}

/** Opens tools at their first call. If that fails, each call is told why. */
export function whenCalled(open: () => Promise<OpenTools>): OpenTools {
  let opened: Promise<OpenTools> | undefined;
  return {
    call: async (tool, args, request) => await (await (opened ??= open())).call(tool, args, request),
    async [Symbol.asyncDispose]() {
      // Why they could not be opened was told by the call.
      const tools = await opened?.catch(() => undefined);
      await tools?.[Symbol.asyncDispose]();
    },
  };
}
