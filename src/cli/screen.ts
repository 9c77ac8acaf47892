/**
 * The whole of a terminal, on which lines are shown in place: only those that have changed are written, and each frame at
 * once. What the terminal showed before comes back when the screen is disposed of.
 */

/** A terminal that shows and reads. */
export interface Device {
  /** Writes text as it is. */
  readonly write: (text: string) => void;
  /** 0 rows and columns if the terminal has not been told its size. */
  readonly size: () => ScreenSize;
  /** Whether keys come at once and without an echo, also those that would send a signal. */
  readonly setRaw: (isRaw: boolean) => void;
  /** The next keys; null at the end of input. */
  readonly read: () => Promise<Uint8Array | null>;
  /** Calls a function when the size changes, where the system tells it; returns the function that ends this. */
  readonly onResize: (action: () => void) => () => void;
  /** Aborted when a signal tells the program to end, from the call on. */
  readonly listenForEnd: () => AbortSignal;
}

export interface ScreenSize {
  readonly rows: number;
  readonly columns: number;
}

/** The size that is assumed of a terminal that tells none. */
const ASSUMED_SIZE: ScreenSize = { rows: 24, columns: 80 };

/** The size of a terminal as it is now. */
export function sizeOf(device: Device): ScreenSize {
  const size = device.size();
  return size.rows > 0 && size.columns > 0 ? size : ASSUMED_SIZE;
}

/**
 * Control sequences of xterm (ECMA-48 and DEC private modes): the alternate screen, the cursor, and wrapping at the right
 * edge, without which a line that is wider than expected moves no other.
 */
const ENTER = "\x1b[?1049h\x1b[?25l\x1b[?7l";
const LEAVE = "\x1b[?7h\x1b[?25h\x1b[?1049l";

/** Between these, the terminal shows nothing of what is written (synchronized output). Others pass them over. */
const BEGIN_FRAME = "\x1b[?2026h";
const END_FRAME = "\x1b[?2026l";

const CLEAR_SCREEN = "\x1b[2J";
const CLEAR_LINE = "\x1b[2K";

export class Screen implements Disposable {
  readonly #device: Device;
  #shown: readonly string[] = [];
  #size: ScreenSize = { rows: 0, columns: 0 };

  constructor(device: Device) {
    this.#device = device;
    device.setRaw(true);
    device.write(ENTER);
  }

  /**
   * Shows lines from the first row on, and nothing below them.
   *
   * @param lines at most as many as `size` has rows, none wider than its columns; no control sequences but colours
   */
  show(lines: readonly string[], size: ScreenSize): void {
    const isResized = size.rows !== this.#size.rows || size.columns !== this.#size.columns;
    const before = isResized ? [] : this.#shown;
    const changed = Array.from({ length: Math.max(lines.length, before.length) }, (_, row) => {
      const line = lines[row] ?? "";
      return line === (before[row] ?? "") ? "" : `\x1b[${row + 1};1H${CLEAR_LINE}${line}`;
    }).join("");
    this.#shown = lines;
    this.#size = size;
    if (changed === "" && !isResized) return;
    this.#device.write(BEGIN_FRAME + (isResized ? CLEAR_SCREEN : "") + changed + END_FRAME);
  }

  [Symbol.dispose](): void {
    try {
      this.#device.write(LEAVE);
    } finally {
      this.#device.setRaw(false);
    }
  }
}
