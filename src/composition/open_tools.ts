/** Tools of a plan, which are opened when they are first called. */

import type { ToolCaller } from "../app/operation.ts";

/** Tools of a plan, which can be called until this is disposed of. */
export interface OpenTools extends AsyncDisposable {
  readonly call: ToolCaller;
}

/** Opens tools at their first call. If that fails, each call ends with `NotOpened`. */
export function whenCalled(open: () => Promise<OpenTools>): OpenTools {
  let opened: Promise<OpenTools> | undefined;
  const openOnce = async () => {
    try {
      return await (opened ??= open());
    } catch (reason) {
      throw new NotOpened(reason);
    }
  };
  return {
    call: async (tool, args, request) => await (await openOnce()).call(tool, args, request),
    async [Symbol.asyncDispose]() {
      // Why they could not be opened was told by the call.
      const tools = await opened?.catch(() => undefined);
      await tools?.[Symbol.asyncDispose]();
    },
  };
}

/** Does work that calls tools. Fails with the reason if they cannot be opened. */
export async function whileOpening<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw error instanceof NotOpened ? error.reason : error;
  }
}

/** Why tools could not be opened: not for the work, which would take a refusal for one of its call. */
class NotOpened extends Error {
  override readonly name = "NotOpened";

  constructor(readonly reason: unknown) {
    super("The tools could not be opened", { cause: reason });
  }
}
