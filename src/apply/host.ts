import { KbootError } from '../model/error.ts';
import type { Stage } from '../model/stage.ts';
import type { HostStep } from '../plan/types.ts';
import { staleStatus } from '../resource/prelude.ts';
import { payloadBytes } from './payload.ts';
import type { ApplyContext } from './context.ts';
import type { Session } from './session.ts';

/**
 * Runs one host's steps of one stage, handed over as one batch.
 * Throws KbootError E-STEP or E-STALE for the first step that failed; what comes after it was not begun.
 */
export async function runHostStage(
  session: Session,
  stage: Stage,
  steps: readonly HostStep[],
  { materials, emit, signal }: Pick<ApplyContext, 'materials' | 'emit' | 'signal'>,
): Promise<number> {
  const host = session.host;
  const begun = Date.now();
  const secrets = steps.some((step) => step.payload !== undefined) ? await materials() : undefined;
  let failure: KbootError | undefined;
  let done = 0;
  emit({ type: 'stage', host, stage, steps: steps.length });
  await Promise.all(
    steps.map(async (step) => {
      if (signal.aborted) {
        failure ??= new KbootError('E-INTERRUPTED', 'interrupted before this step', {
          host,
          step: step.resource,
        });
        return;
      }
      let started = Date.now();
      const result = await session.run(
        {
          script: step.script,
          timeoutSeconds: step.timeoutSeconds,
          ...(step.payload &&
            secrets && { payload: { path: step.payload.path, bytes: payloadBytes(step.payload, secrets) } }),
        },
        () => {
          started = Date.now();
          emit({ type: 'start', step });
        },
      );
      if (result.state === 'skipped') {
        emit({ type: 'skipped', step, why: 'an earlier step of this host failed' });
      } else if (result.state === 'failed') {
        failure ??= stepError(step, result.status, result.output);
        emit({ type: 'failed', step, message: failure.message, detail: result.output });
      } else {
        done++;
        emit({ type: 'done', step, seconds: (Date.now() - started) / 1000 });
      }
    }),
  );
  if (failure !== undefined) throw failure;
  emit({ type: 'stage-done', host, stage, seconds: (Date.now() - begun) / 1000 });
  return done;
}

function stepError(step: HostStep, status: number, output: string): KbootError {
  const context = { host: step.host, step: step.resource, command: step.script, detail: output };
  if (status === staleStatus)
    return new KbootError('E-STALE', output.trim(), {
      ...context,
      remedy: 'Somebody changed the host in between. Run the same command again: it plans anew.',
    });
  if (/No space left on device/.test(output))
    return new KbootError('E-STEP', 'no space is left on the disk', {
      ...context,
      remedy: 'Free space on this host and run the same command again: it goes on there.',
    });
  return new KbootError('E-STEP', `ended with status ${status}`, {
    ...context,
    remedy: 'Mend the cause on this host and run the same command again: it goes on there.',
  });
}
