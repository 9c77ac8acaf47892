/** The tokens of callers: to read, to issue and to revoke. For admins. */

import { useSignal } from "@preact/signals";
import { change, pathOf } from "../api/client.ts";
import type { IsoTime, Who } from "../api/types.ts";
import { viewAddress } from "../navigation.ts";
import { ActionButton, Refused, useAction } from "../ui/action.tsx";
import { CopyButton } from "../ui/copy_button.tsx";
import { Dialog } from "../ui/dialog.tsx";
import { useLoaded } from "../ui/loaded.ts";
import { Empty, Failed, Loading } from "../ui/notice.tsx";
import { Time } from "../ui/time.tsx";

interface Token {
  readonly name: string;
  readonly role: Who["role"];
  readonly audiences?: readonly string[];
  readonly instance?: string;
  readonly isExpired: boolean;
  readonly createdAt: IsoTime;
  readonly expiresAt?: IsoTime;
}

export function TokensView() {
  const isNew = useSignal(false);
  const { data, error, reload } = useLoaded<{ readonly tokens: readonly Token[] }>("/tokens", {
    isAffected: ({ type }) => type.startsWith("token."),
    ofMoment: false,
  });
  if (data.value === undefined) return error.value === undefined ? <Loading /> : <Failed error={error.value} />;
  return (
    <div class="page">
      <header class="page-header">
        <h1>Tokens</h1>
        <button type="button" class="primary" onClick={() => isNew.value = true}>New token</button>
      </header>
      {data.value.tokens.length === 0
        ? (
          <Empty title="No tokens">
            <p>Without tokens, nobody but the operator of the files can call a service with access control.</p>
          </Empty>
        )
        : (
          <div class="scrolled">
            <table>
              <thead>
                <tr>
                  <th scope="col">Name</th>
                  <th scope="col">Role</th>
                  <th scope="col">Sees</th>
                  <th scope="col">Instance</th>
                  <th scope="col">Issued</th>
                  <th scope="col">Expires</th>
                  <th scope="col">
                    <span class="hidden-text">Actions</span>
                  </th>
                </tr>
              </thead>
              <tbody>{data.value.tokens.map((token) => <Row key={token.name} token={token} onDone={reload} />)}</tbody>
            </table>
          </div>
        )}
      {isNew.value && <TokenForm onClose={() => isNew.value = false} onDone={reload} />}
    </div>
  );
}

function Row({ token, onDone }: { readonly token: Token; readonly onDone: () => void }) {
  const { name, role, audiences, instance, isExpired, createdAt, expiresAt } = token;
  return (
    <tr>
      <td>
        <a class="id" href={viewAddress("audit", { token: name })} title="What was done with it">{name}</a>
      </td>
      <td>{role}</td>
      <td>{audiences?.join(", ") ?? "all groups"}</td>
      <td>{instance ?? ""}</td>
      <td>
        <Time at={createdAt} />
      </td>
      <td>
        {expiresAt === undefined ? "never" : <Time at={expiresAt} />}{" "}
        {isExpired && <span class="badge danger">expired</span>}
      </td>
      <td>
        <ActionButton
          kind="danger"
          run={() => change("DELETE", pathOf("tokens", name)).then(onDone)}
          done={`Revoked ${name}`}
          confirm={`Whoever uses the token ${name} is refused at once.`}
        >
          Revoke
        </ActionButton>
      </td>
    </tr>
  );
}

const ROLES = ["worker", "planner", "observer", "admin"] as const;

function TokenForm({ onClose, onDone }: { readonly onClose: () => void; readonly onDone: () => void }) {
  const action = useAction();
  const secret = useSignal<string | undefined>(undefined);
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    const fields = new FormData(event.currentTarget as HTMLFormElement);
    const text = (name: string) => String(fields.get(name) ?? "").trim();
    const audiences = text("audiences").split(",").map((each) => each.trim()).filter((each) => each !== "");
    await action.run(async () => {
      const issued = await change<{ readonly secret: string }>("POST", "/tokens", {
        name: text("name"),
        role: text("role"),
        ...(text("instance") !== "" && { instance_id: text("instance") }),
        ...(audiences.length > 0 && { audiences }),
        ...(text("expires") !== "" && { expires: text("expires") }),
      });
      secret.value = issued.secret;
      onDone();
    }, `Issued ${text("name")}`);
  };
  if (secret.value !== undefined) {
    return (
      <Dialog title="The new token" onClose={onClose}>
        <p>
          It is shown only now. Its holder sends it as <code>Authorization: Bearer …</code>
        </p>
        <p class="secret">
          <code>{secret.value}</code> <CopyButton text={secret.value} />
        </p>
      </Dialog>
    );
  }
  return (
    <Dialog title="New token" onClose={onClose}>
      <form class="form" onSubmit={(event) => void submit(event)}>
        <label>
          Name<input name="name" required autocomplete="off" />
        </label>
        <label>
          Role
          <select name="role">{ROLES.map((role) => <option key={role} value={role}>{role}</option>)}</select>
        </label>
        <label>
          Audiences
          <input name="audiences" />
          <span class="quiet">Whose groups it sees, separated by commas. Empty: all groups</span>
        </label>
        <label>
          Instance
          <input name="instance" />
          <span class="quiet">The only instance that its holder may be. Empty: any</span>
        </label>
        <label>
          Expires
          <input name="expires" placeholder="P30D" />
          <span class="quiet">A time like 2027-01-31, or a duration like P30D. Empty: never</span>
        </label>
        <Refused error={action.error} />
        <div class="buttons">
          <button type="submit" class="primary" disabled={action.isPending}>Issue</button>
          <button type="button" onClick={onClose}>Cancel</button>
        </div>
      </form>
    </Dialog>
  );
}
