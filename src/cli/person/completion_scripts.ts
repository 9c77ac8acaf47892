/** The scripts that make a shell complete the commands of this program. Each asks the program at every TAB. Pure. */

import { shellWords } from "../launch.ts";
import type { Shell } from "./completion.ts";

export interface ScriptOptions {
  /** The name under which the person calls the program: of a file, an alias or a function. */
  readonly name: string;
  /** The words that start the program with its command `complete`. */
  readonly program: readonly string[];
}

/** The script for a shell. */
export function completionScript(shell: Shell, { name, program }: ScriptOptions): string {
  const parts = { name, own: `_${name.replaceAll(/\W/g, "_")}_complete`, ask: `${shellWords(program)} --` };
  return SCRIPTS[shell](parts);
}

interface ScriptParts {
  readonly name: string;
  /** A name for a function of the script. */
  readonly own: string;
  /** The command that prints what completes the words after it, one a line. */
  readonly ask: string;
}

const SCRIPTS: Readonly<Record<Shell, (parts: ScriptParts) => string>> = {
  // Words are split here, as bash splits them at colons, too; of a word with a colon it replaces what follows that.
  bash: ({ name, own, ask }) =>
    `${own}() {
  local line=\${COMP_LINE:0:COMP_POINT} words=() candidate last kept=
  read -a words <<< "$line"
  [[ $line == *[[:space:]] ]] && words+=("")
  last=\${words[\${#words[@]}-1]}
  [[ $last == *[:=]* ]] && kept=\${last%"\${last##*[:=]}"}
  COMPREPLY=()
  while IFS= read -r candidate; do
    candidate=\${candidate#"$kept"}
    COMPREPLY+=("$(printf %q "$candidate")")
  done < <(${ask} "\${words[@]:1}" 2>/dev/null </dev/null)
}
complete -F ${own} ${name}
`,
  zsh: ({ name, own, ask }) =>
    `#compdef ${name}
${own}() {
  local -a candidates
  candidates=("\${(@f)$(${ask} "\${(@Q)words[2,CURRENT]}" 2>/dev/null </dev/null)}")
  candidates=("\${(@)candidates:#}")
  compadd -a candidates
}
compdef ${own} ${name}
`,
  fish: ({ name, own, ask }) =>
    `function ${own}
    set -l before (commandline -opc)
    set -l current (commandline -ct)
    ${ask} $before[2..-1] "$current" 2>/dev/null </dev/null
end
complete -c ${name} -f -a '(${own})'
`,
};
