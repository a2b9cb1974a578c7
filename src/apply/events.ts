import { KbootError } from '../model/error.ts';
import type { Gate, Step } from '../plan/types.ts';

/** Events of apply, for views and logs. `at` is milliseconds since apply began. */
export type ApplyEvent = { readonly at: number } & (
  | { readonly type: 'task'; readonly phase: string; readonly host: string; readonly steps: number }
  | { readonly type: 'task-done'; readonly phase: string; readonly host: string; readonly seconds: number }
  | { readonly type: 'start'; readonly step: Step | Gate }
  | { readonly type: 'waiting'; readonly step: Step | Gate; readonly seen: string }
  | { readonly type: 'done'; readonly step: Step | Gate; readonly seconds: number }
  | { readonly type: 'failed'; readonly step: Step | Gate; readonly message: string; readonly detail: string }
  | { readonly type: 'host-lost'; readonly host: string; readonly message: string }
  | { readonly type: 'skipped'; readonly step: Step | Gate; readonly why: string }
);

type WithoutAt<E> = E extends unknown ? Omit<E, 'at'> : never;
export type Emit = (event: WithoutAt<ApplyEvent>) => void;

/** Why there is nothing to do for a step. */
export interface Moot {
  readonly moot: string;
}

/**
 * Runs the action of a step or gate and emits the events of its start and end; if `action` returns `moot`, it is
 * skipped instead. Rejects with the error of `action`.
 */
export async function withStepEvents(
  step: Step | Gate,
  emit: Emit,
  action: () => Promise<Moot | undefined>,
): Promise<void> {
  const started = Date.now();
  emit({ type: 'start', step });
  try {
    const result = await action();
    if (result === undefined) emit({ type: 'done', step, seconds: (Date.now() - started) / 1000 });
    else emit({ type: 'skipped', step, why: result.moot });
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    const detail = cause instanceof KbootError ? (cause.context.detail ?? '') : '';
    emit({ type: 'failed', step, message, detail });
    throw cause;
  }
}
