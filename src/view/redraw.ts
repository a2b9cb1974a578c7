import { createLogUpdate } from 'log-update';
import type { Printable, Screen } from './printable.ts';

/** Lines at the end of a terminal that are drawn again in place. */
export interface Redraw {
  (text: Printable): void;
  clear(): void;
  done(): void;
}

/** Takes over the lines below what the screen shows. */
export function redrawing(screen: Screen): Redraw {
  return createLogUpdate(screen as never);
}
