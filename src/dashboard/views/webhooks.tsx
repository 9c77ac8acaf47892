/** The webhooks: how their delivery stands, what was given up, and to test, replay, rotate and remove. For admins. */

import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { change, pathOf } from "../api/client.ts";
import type { IsoTime } from "../api/types.ts";
import { ActionButton, Refused, useAction } from "../ui/action.tsx";
import { CopyButton } from "../ui/copy_button.tsx";
import { Dialog } from "../ui/dialog.tsx";
import { useLoaded } from "../ui/loaded.ts";
import { Empty, Failed, Loading } from "../ui/notice.tsx";
import { Time } from "../ui/time.tsx";

interface Webhook {
  readonly name: string;
  readonly url: string;
  readonly types?: readonly string[];
  readonly group?: string;
  readonly task?: string;
  readonly audiences?: readonly string[];
  readonly createdAt: IsoTime;
  readonly disabled?: { readonly at: IsoTime; readonly why: string };
  readonly deliveredUpTo: string | null;
  readonly failedAttempts?: number;
  readonly retryAt?: IsoTime;
  readonly lastError?: string;
  readonly deadLetterCount: number;
}

/** How often the standing is read again while it is shown, in milliseconds. */
const PAUSE_MS = 3_000;

export function WebhooksView() {
  const isNew = useSignal(false);
  const { data, error, reload } = useLoaded<{ readonly webhooks: readonly Webhook[] }>("/webhooks", {
    isAffected: () => true,
    pauseMs: PAUSE_MS,
    ofMoment: false,
  });
  useAgain(reload);
  if (data.value === undefined) return error.value === undefined ? <Loading /> : <Failed error={error.value} />;
  return (
    <div class="page">
      <header class="page-header">
        <h1>Webhooks</h1>
        <button type="button" class="primary" onClick={() => isNew.value = true}>New webhook</button>
      </header>
      {data.value.webhooks.length === 0 && (
        <Empty title="No webhooks">
          <p>A webhook sends what happens, signed, to another program: a chat, a build server.</p>
        </Empty>
      )}
      {data.value.webhooks.map((webhook) => <Row key={webhook.name} webhook={webhook} onDone={reload} />)}
      {isNew.value && <WebhookForm onClose={() => isNew.value = false} onDone={reload} />}
    </div>
  );
}

/** Reads again and again while the page is shown, as no event tells how deliveries stand. */
function useAgain(reload: () => void): void {
  useEffect(() => {
    const timer = setInterval(() => {
      if (!document.hidden) reload();
    }, PAUSE_MS);
    return () => clearInterval(timer);
  }, []);
}

function Row({ webhook, onDone }: { readonly webhook: Webhook; readonly onDone: () => void }) {
  const { name, url, types, group, task, disabled, deadLetterCount, failedAttempts, retryAt, lastError } = webhook;
  const path = pathOf("webhooks", name);
  const tested = useSignal<string | undefined>(undefined);
  const secret = useSignal<string | undefined>(undefined);
  const isLogShown = useSignal(false);
  const only = [types?.join(", "), group && `group ${group}`, task && `task ${task}`].filter(Boolean).join("; ");
  const test = async () => {
    const answer = await change<{ delivered: boolean; status?: number; error?: string }>("POST", `${path}/test`);
    tested.value = answer.delivered ? `Delivered: ${answer.status}` : `Not delivered: ${answer.error ?? answer.status}`;
  };
  return (
    <article class="group">
      <header>
        <h2 class="id">{name}</h2>
        {disabled !== undefined && <span class="badge danger">disabled: {disabled.why}</span>}
        {failedAttempts !== undefined && <span class="badge danger">{failedAttempts} failed tries</span>}
        {deadLetterCount > 0 && <span class="badge danger">{deadLetterCount} given up</span>}
        <span class="quiet id">{url}</span>
      </header>
      <p class="quiet">
        {only === "" ? "All events" : only};{" "}
        {webhook.deliveredUpTo === null ? "nothing delivered yet" : `delivered up to ${webhook.deliveredUpTo}`}
        {retryAt !== undefined && (
          <>
            ; next try <Time at={retryAt} />
          </>
        )}
      </p>
      {lastError !== undefined && <p class="refused">{lastError}</p>}
      <div class="buttons">
        <ActionButton run={test} done={`Tested ${name}`}>Test</ActionButton>
        <ActionButton run={() => change("POST", `${path}/replay`, {}).then(onDone)} done={`Replaying ${name}`}>
          Replay what was given up
        </ActionButton>
        <ActionButton
          run={async () => {
            secret.value = (await change<{ readonly secret: string }>("POST", `${path}/rotate`, {})).secret;
          }}
          done={`Rotated ${name}`}
          confirm="The webhook gets another secret. For a day, the one before signs, too."
        >
          Rotate the secret
        </ActionButton>
        <button type="button" aria-expanded={isLogShown.value} onClick={() => isLogShown.value = !isLogShown.value}>
          Deliveries
        </button>
        <ActionButton
          kind="danger"
          run={() => change("DELETE", path).then(onDone)}
          done={`Removed ${name}`}
          confirm={`Nothing more is sent to ${url}, and the secret is forgotten.`}
        >
          Remove
        </ActionButton>
      </div>
      {tested.value !== undefined && <p role="status">{tested.value}</p>}
      {isLogShown.value && <Deliveries name={name} />}
      {secret.value !== undefined && <Secret secret={secret.value} onClose={() => secret.value = undefined} />}
    </article>
  );
}

interface DeliveryLog {
  readonly log: readonly Delivery[];
  readonly deadLetters: readonly Delivery[];
}

interface Delivery {
  readonly at: IsoTime;
  readonly id?: string;
  readonly status?: number;
  readonly error?: string;
  readonly attempt?: number;
  readonly ms?: number;
}

function Deliveries({ name }: { readonly name: string }) {
  const { data, error, reload } = useLoaded<DeliveryLog>(`${pathOf("webhooks", name)}/deliveries`, {
    isAffected: () => true,
    pauseMs: PAUSE_MS,
    ofMoment: false,
  });
  useAgain(reload);
  if (data.value === undefined) return error.value === undefined ? <Loading /> : <Failed error={error.value} />;
  const { log, deadLetters } = data.value;
  if (log.length + deadLetters.length === 0) return <p class="quiet">Nothing was sent yet.</p>;
  return (
    <>
      <DeliveryTable title="The newest tries" deliveries={log} />
      {deadLetters.length > 0 && <DeliveryTable title="Given up" deliveries={deadLetters} />}
    </>
  );
}

function DeliveryTable({ title, deliveries }: { readonly title: string; readonly deliveries: readonly Delivery[] }) {
  return (
    <div class="scrolled">
      <table>
        <caption>{title}</caption>
        <thead>
          <tr>
            <th scope="col">Time</th>
            <th scope="col">Event</th>
            <th scope="col">Answer</th>
            <th scope="col">Took</th>
          </tr>
        </thead>
        <tbody>
          {deliveries.toReversed().map(({ at, id, status, error, ms }, index) => (
            <tr key={index}>
              <td>
                <Time at={at} />
              </td>
              <td class="id">{id}</td>
              <td>{error ?? status}</td>
              <td>{ms === undefined ? "" : `${ms} ms`}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Secret({ secret, onClose }: { readonly secret: string; readonly onClose: () => void }) {
  return (
    <Dialog title="The secret of the webhook" onClose={onClose}>
      <p>It is shown only now. The receiver verifies the signatures with it.</p>
      <p class="secret">
        <code>{secret}</code> <CopyButton text={secret} />
      </p>
    </Dialog>
  );
}

function WebhookForm({ onClose, onDone }: { readonly onClose: () => void; readonly onDone: () => void }) {
  const action = useAction();
  const secret = useSignal<string | undefined>(undefined);
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    const fields = new FormData(event.currentTarget as HTMLFormElement);
    const text = (name: string) => String(fields.get(name) ?? "").trim();
    const list = (name: string) => text(name).split(",").map((each) => each.trim()).filter((each) => each !== "");
    await action.run(async () => {
      const added = await change<{ readonly secret: string }>("POST", "/webhooks", {
        name: text("name"),
        url: text("url"),
        ...(list("types").length > 0 && { type: list("types") }),
        ...(text("group") !== "" && { group: text("group") }),
        ...(list("audiences").length > 0 && { audiences: list("audiences") }),
      });
      secret.value = added.secret;
      onDone();
    }, `Added ${text("name")}`);
  };
  if (secret.value !== undefined) return <Secret secret={secret.value} onClose={onClose} />;
  return (
    <Dialog title="New webhook" onClose={onClose}>
      <form class="form" onSubmit={(event) => void submit(event)}>
        <label>
          Name<input name="name" required autocomplete="off" />
        </label>
        <label>
          Address<input name="url" type="url" required placeholder="https://" />
        </label>
        <label>
          Types
          <input name="types" placeholder="task.failed, task.completed" />
          <span class="quiet">Separated by commas. Empty: all</span>
        </label>
        <label>
          Group<input name="group" />
        </label>
        <label>
          Audiences
          <input name="audiences" />
          <span class="quiet">Only about groups that these see. Empty: all groups</span>
        </label>
        <Refused error={action.error} />
        <div class="buttons">
          <button type="submit" class="primary" disabled={action.isPending}>Add</button>
          <button type="button" onClick={onClose}>Cancel</button>
        </div>
      </form>
    </Dialog>
  );
}
