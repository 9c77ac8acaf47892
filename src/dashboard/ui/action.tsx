/** Buttons that change the plan: they wait for the server, and show its refusal where the user acted. */

import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { ApiError } from "../api/client.ts";
import { announce } from "./announcer.tsx";
import { Confirm } from "./dialog.tsx";

/** An action under way, and how the last one ended. */
export interface Action {
  readonly isPending: boolean;
  /** Whether one is under way at this moment, and not when the component was drawn. */
  readonly isRunning: () => boolean;
  readonly error: string | undefined;
  /** Runs a call; tells whether it succeeded. */
  readonly run: (call: () => Promise<unknown>, done?: string) => Promise<boolean>;
}

export function useAction(): Action {
  const isPending = useSignal(false);
  const error = useSignal<string | undefined>(undefined);
  return {
    isPending: isPending.value,
    isRunning: () => isPending.peek(),
    error: error.value,
    async run(call, done) {
      if (isPending.value) return false;
      isPending.value = true;
      error.value = undefined;
      try {
        await call();
        if (done !== undefined) announce(done);
        return true;
      } catch (failure) {
        if (!(failure instanceof ApiError)) throw failure;
        error.value = failure.message;
        return false;
      } finally {
        isPending.value = false;
      }
    },
  };
}

/** Why an action was refused. */
export function Refused({ error }: { readonly error: string | undefined }) {
  return error === undefined ? null : <p class="refused" role="alert">{error}</p>;
}

export interface ActionButtonProps {
  readonly children: ComponentChildren;
  readonly run: () => Promise<unknown>;
  /** Said when it is done: "Retried build". */
  readonly done: string;
  /** Asked before something is destroyed or stopped. */
  readonly confirm?: string;
  readonly kind?: "plain" | "primary" | "danger";
  readonly disabled?: boolean;
}

export function ActionButton({ children, run, done, confirm, kind = "plain", disabled = false }: ActionButtonProps) {
  const action = useAction();
  const isAsking = useSignal(false);
  const start = () => {
    isAsking.value = false;
    void action.run(run, done);
  };
  return (
    <span class="action">
      <button
        type="button"
        class={kind}
        disabled={disabled || action.isPending}
        onClick={() => confirm === undefined ? start() : isAsking.value = true}
      >
        {children}
      </button>
      {isAsking.value && confirm !== undefined && (
        <Confirm
          question={confirm}
          label={children}
          onConfirm={start}
          onCancel={() => isAsking.value = false}
        />
      )}
      <Refused error={action.error} />
    </span>
  );
}
