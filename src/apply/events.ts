import type { Stage } from '../model/stage.ts';
import type { Step } from '../plan/types.ts';

/** What happens during apply, for whoever shows or records it. `at` is milliseconds since apply began. */
export type ApplyEvent = { readonly at: number } & (
  | { readonly type: 'issued'; readonly count: number }
  | { readonly type: 'stage'; readonly host: string; readonly stage: Stage; readonly steps: number }
  | { readonly type: 'stage-done'; readonly host: string; readonly stage: Stage; readonly seconds: number }
  | { readonly type: 'start'; readonly step: Step }
  | { readonly type: 'waiting'; readonly step: Step; readonly seen: string }
  | { readonly type: 'done'; readonly step: Step; readonly seconds: number }
  | { readonly type: 'failed'; readonly step: Step; readonly message: string; readonly detail: string }
  | { readonly type: 'host-lost'; readonly host: string; readonly message: string }
  | { readonly type: 'skipped'; readonly step: Step; readonly why: string }
);

type WithoutAt<E> = E extends unknown ? Omit<E, 'at'> : never;
export type Emit = (event: WithoutAt<ApplyEvent>) => void;
