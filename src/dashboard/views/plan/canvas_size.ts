/** The size of a canvas on the page, and as many pixels in it as the screen has there. */

import type { Point, Size } from "../../plan/painter/camera.ts";

/** In CSS pixels. */
export function sizeOf({ clientWidth, clientHeight }: HTMLCanvasElement): Size {
  return { width: clientWidth, height: clientHeight };
}

export function isInside({ x, y }: Point, { width, height }: Size): boolean {
  return x >= 0 && y >= 0 && x <= width && y <= height;
}

/** Keeps the canvas as sharp as the screen; calls back now and after each change, until the signal is aborted. */
export function watchSize(canvas: HTMLCanvasElement, onSize: (size: Size) => void, signal: AbortSignal): void {
  const resize = () => {
    const size = sizeOf(canvas);
    canvas.width = Math.max(1, Math.round(size.width * devicePixelRatio));
    canvas.height = Math.max(1, Math.round(size.height * devicePixelRatio));
    onSize(size);
  };
  resize();
  const observer = new ResizeObserver(resize);
  observer.observe(canvas);
  signal.addEventListener("abort", () => observer.disconnect());
  watchPixelRatio(resize, signal);
}

/** Calls back when the page moves to a screen of another density, or is zoomed. */
function watchPixelRatio(onChange: () => void, signal: AbortSignal): void {
  const query = matchMedia(`(resolution: ${devicePixelRatio}dppx)`);
  query.addEventListener("change", () => {
    onChange();
    watchPixelRatio(onChange, signal);
  }, { once: true, signal });
}
