import type { Step } from '../plan/types.ts';
import { KbootError } from '../model/error.ts';
import type { Emit } from './events.ts';

/** Does what a step says, with the events of its begin and of its end. Rejects with what `action` throws. */
export async function told(step: Step, emit: Emit, action: () => Promise<void>): Promise<void> {
  const started = Date.now();
  emit({ type: 'start', step });
  try {
    await action();
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    const detail = cause instanceof KbootError ? (cause.context.detail ?? '') : '';
    emit({ type: 'failed', step, message, detail });
    throw cause;
  }
  emit({ type: 'done', step, seconds: (Date.now() - started) / 1000 });
}
