import pLimit from 'p-limit';
import { KbootError } from '../model/error.ts';
import type { Stage } from '../model/stage.ts';
import type { EtcdStep, HostStep, OnHostStep } from '../plan/types.ts';
import type { EtcdRunner } from './etcd.ts';
import { payloadBytes } from './payload.ts';
import type { ApplyContext } from './context.ts';
import { stepError } from './step-error.ts';
import type { Session, StepResult } from './session.ts';
import { told } from './told.ts';

/**
 * Runs one host's steps of one stage: neighbours that are shell as one batch, changes of etcd's membership
 * between them. Throws KbootError for the first step that failed; what comes after it was not begun.
 */
export async function runHostStage(
  session: Session,
  stage: Stage,
  steps: readonly OnHostStep[],
  context: Pick<ApplyContext, 'materials' | 'emit' | 'signal'>,
  etcd: EtcdRunner,
): Promise<void> {
  const { host } = session;
  const begun = Date.now();
  context.emit({ type: 'stage', host, stage, steps: steps.length });
  let batch: HostStep[] = [];
  for (const step of steps) {
    if (step.type === 'host') {
      batch.push(step);
      continue;
    }
    await runSteps(session, batch, context);
    batch = [];
    await runMembership(step, context, etcd);
  }
  await runSteps(session, batch, context);
  context.emit({ type: 'stage-done', host, stage, seconds: (Date.now() - begun) / 1000 });
}

/** One change of etcd's membership. Throws KbootError. */
export async function runMembership(
  step: EtcdStep,
  { emit, signal }: Pick<ApplyContext, 'emit' | 'signal'>,
  etcd: EtcdRunner,
): Promise<void> {
  if (signal.aborted) throw interrupted(step);
  await told(step, emit, () => etcd.run(step));
}

/** So many steps are on their way to a host at a time: enough to hide the round trip, few enough to stop soon. */
const window = 8;

/** Hands a batch over, step by step; the host skips what follows a failure. Throws KbootError for the first that failed. */
export async function runSteps(
  session: Session,
  steps: readonly HostStep[],
  { materials, emit, signal }: Pick<ApplyContext, 'materials' | 'emit' | 'signal'>,
): Promise<void> {
  const secrets = steps.some((step) => step.payload !== undefined) ? await materials() : undefined;
  // All of them before the first step: a step that has none would not stop those after it.
  const payloads = steps.map(
    ({ payload }) =>
      payload && secrets && { payload: { path: payload.path, bytes: payloadBytes(payload, secrets) } },
  );
  let failure: KbootError | undefined;
  const isStopped = (): boolean => signal.aborted;
  const stop = (): void => {
    session.stop();
  };
  signal.addEventListener('abort', stop, { once: true });
  const limit = pLimit(window);
  await limit.map(steps, async (step, index) => {
    if (failure !== undefined) {
      emit({ type: 'skipped', step, why: 'an earlier step of this host failed' });
      return;
    }
    if (signal.aborted) {
      failure ??= interrupted(step);
      return;
    }
    let started = Date.now();
    let result: StepResult;
    try {
      result = await session.run(
        { script: step.script, timeoutSeconds: step.timeoutSeconds, ...payloads[index] },
        () => {
          started = Date.now();
          emit({ type: 'start', step });
        },
      );
    } catch (cause) {
      // The session ended; a step that failed before says why.
      if (!(cause instanceof KbootError)) throw cause;
      failure ??= cause;
      return;
    }
    if (result.state === 'skipped') {
      if (isStopped()) failure ??= interrupted(step);
      else emit({ type: 'skipped', step, why: 'an earlier step of this host failed' });
    } else if (result.state === 'failed') {
      failure ??= stepError(step, result.status, result.output);
      emit({ type: 'failed', step, message: failure.message, detail: result.output });
    } else {
      emit({ type: 'done', step, seconds: (Date.now() - started) / 1000 });
    }
  });
  signal.removeEventListener('abort', stop);
  if (failure !== undefined) throw failure;
}

function interrupted(step: OnHostStep): KbootError {
  return new KbootError('E-INTERRUPTED', 'interrupted before this step', {
    host: step.host,
    step: step.resource,
  });
}
