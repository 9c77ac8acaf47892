/** Asks for a token, and says where one comes from. */

import { useSignal } from "@preact/signals";
import { signIn, signInError } from "../session.ts";

export function SignIn() {
  const token = useSignal("");
  const isPending = useSignal(false);
  const submit = async (event: Event) => {
    event.preventDefault();
    isPending.value = true;
    await signIn({ token: token.value.trim() });
    isPending.value = false;
  };
  return (
    <main class="sign-in">
      <form onSubmit={(event) => void submit(event)}>
        <h1>Orchestrator</h1>
        <p>
          Sign in with the address that the command <code>open</code> of the server's program prints, or with a token:
        </p>
        <label>
          Token
          <input
            type="password"
            autocomplete="off"
            required
            value={token.value}
            onInput={({ currentTarget }) => token.value = currentTarget.value}
          />
        </label>
        <button type="submit" class="primary" disabled={isPending.value}>Sign in</button>
        {signInError.value !== undefined && <p class="refused" role="alert">{signInError.value}</p>}
        <p class="quiet">
          The command <code>token issue --name NAME --role ROLE</code>{" "}
          makes a token. This browser keeps it in a cookie that scripts cannot read.
        </p>
      </form>
    </main>
  );
}
