/** What the timeline shows: filters, grouping, idle time. All of it is kept in the address. */

import { setParams } from "../../navigation.ts";
import { StatusMark } from "../../ui/status.tsx";
import { type Bar, type BarFilter, type Bars, OUTCOME_LOOKS, OUTCOME_WORDS, OUTCOMES } from "./bars.ts";
import { place } from "../../navigation.ts";

export interface ToolbarProps {
  readonly bars: Bars;
  readonly count: number;
  readonly filter: BarFilter;
  readonly by: "instance" | "group";
  readonly readMore: (() => void) | undefined;
  readonly isCut: boolean;
}

export function Toolbar({ bars, count, filter, by, readMore, isCut }: ToolbarProps) {
  const all = Array.from(bars.values());
  return (
    <div class="filters" role="search" aria-label="Filter attempts">
      <Choice
        label="Rows"
        param="by"
        value={by === "group" ? "group" : ""}
        options={[["", "Rows: instances"], ["group", "Rows: groups"]]}
      />
      <Choice label="Instance" param="instance" value={filter.instance} options={namesOf(all, "instance")} />
      <Choice label="Group" param="group" value={filter.group} options={namesOf(all, "group")} />
      <Choice
        label="Outcome"
        param="outcome"
        value={filter.outcome}
        options={[["", "Any outcome"], ...OUTCOMES.map((outcome) => [outcome, OUTCOME_WORDS[outcome]] as const)]}
      />
      <Choice
        label="Attempt"
        param="tries"
        value={filter.tries}
        options={[["", "All attempts"], ["first", "First attempts"], ["retries", "Retries"]]}
      />
      <label class="check">
        <input
          type="checkbox"
          checked={place.value.params["idle"] === "true"}
          onChange={({ currentTarget }) => setParams({ idle: currentTarget.checked ? "true" : undefined })}
        />
        True time
      </label>
      <span class="filter-count">
        {count === all.length ? `${count} ${count === 1 ? "attempt" : "attempts"}` : `${count} of ${all.length}`}
        {readMore !== undefined && <button type="button" class="link" onClick={readMore}>Show earlier</button>}
        {isCut && <span class="quiet">the newest ones</span>}
      </span>
      <Legend />
    </div>
  );
}

function Legend() {
  return (
    <span class="legend" aria-label="Outcomes">
      {OUTCOMES.map((outcome) => (
        <span key={outcome} class="legend-entry">
          <StatusMark status={OUTCOME_LOOKS[outcome]} word={false} />
          {OUTCOME_WORDS[outcome]}
        </span>
      ))}
    </span>
  );
}

type Option = readonly [value: string, text: string];

interface ChoiceProps {
  readonly label: string;
  readonly param: string;
  readonly value: string;
  readonly options: readonly Option[];
}

function Choice({ label, param, value, options }: ChoiceProps) {
  return (
    <select
      aria-label={label}
      value={value}
      onChange={({ currentTarget }) => setParams({ [param]: currentTarget.value })}
    >
      {options.map(([option, text]) => <option key={option} value={option}>{text}</option>)}
    </select>
  );
}

function namesOf(bars: readonly Bar[], of: "instance" | "group"): readonly Option[] {
  const names = Array.from(new Set(bars.map((bar) => bar[of]))).filter((name) => name !== "").sort();
  return [["", `Any ${of}`], ...names.map((name): Option => [name, name])];
}
