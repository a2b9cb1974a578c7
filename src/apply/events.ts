import { KbootError } from '../model/error.ts';
import type { Gate, Step } from '../plan/types.ts';
import type { FileBytes } from './spread/file-bytes.ts';

/**
 * The rule of the scheduler that a task or gate waited for last: the earlier tasks of its host, the batch before its own,
 * the phases that its phase comes after; for a gate, the tasks of its batch.
 */
export type WaitRule = 'host' | 'batch' | 'phase' | 'tasks';

export type SpanEnding = 'done' | 'failed' | 'cut-off';

/** Events of apply, for views and logs. `at` is milliseconds since apply began. */
export type ApplyEvent = { readonly at: number } & (
  | { readonly type: 'task'; readonly phase: string; readonly host: string; readonly steps: number }
  | { readonly type: 'task-done'; readonly phase: string; readonly host: string; readonly seconds: number }
  | { readonly type: 'start'; readonly step: Step | Gate }
  | { readonly type: 'waiting'; readonly step: Step | Gate; readonly seen: string }
  | { readonly type: 'done'; readonly step: Step | Gate; readonly seconds: number }
  | { readonly type: 'failed'; readonly step: Step | Gate; readonly message: string; readonly detail: string }
  | { readonly type: 'host-lost'; readonly host: string; readonly message: string }
  /**
   * A file is on its way from this machine to a host, and takes longer than a moment. `bytes` have left, at `bytesPerSecond`
   * lately; all of `size` have left in the last event of a file that is sent whole.
   */
  | {
      readonly type: 'sending';
      readonly host: string;
      /** Such as `binary /usr/bin/kubectl`. */
      readonly what: string;
      readonly bytes: number;
      readonly size: number;
      readonly bytesPerSecond: number;
    }
  /** How a host gets or gives files, if it differs from the plan. */
  | { readonly type: 'notice'; readonly host: string; readonly message: string }
  /** At the end: bytes of files by where they came from. */
  | { readonly type: 'files'; readonly hosts: readonly FileBytes[] }
  | { readonly type: 'skipped'; readonly step: Step | Gate; readonly why: string }
  /** A task or a gate has ended: it began `seconds` ago, when span `after` had ended. */
  | {
      readonly type: 'span';
      /** Unique in its run. */
      readonly id: string;
      readonly phase: string;
      /** Number of its batch in the phase, from 1 on. */
      readonly batch: number;
      /** Number of the task in its batch, from 1 on; absent: a gate. */
      readonly task?: number;
      /** Id of the gate; absent: a task. */
      readonly gate?: string;
      /** Of a task on a host. */
      readonly host?: string;
      readonly seconds: number;
      readonly ending: SpanEnding;
      /** Absent: it waited for nothing. */
      readonly after?: string;
      readonly rule?: WaitRule;
    }
  /** The shell of a host has ended. */
  | { readonly type: 'session'; readonly host: string; readonly cpuSeconds: number }
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
