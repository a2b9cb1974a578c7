import { KbootError } from '../model/error.ts';
import { hostOf, subjectOfGate } from '../plan/steps.ts';
import type { Batch, Dependency, Gate, Phase, Plan, Step, Task } from '../plan/types.ts';
import type { ApplyContext } from './context.ts';
import { Worker } from './worker.ts';

export interface Failure {
  readonly host?: string;
  /** The step or gate that failed, by its id. */
  readonly stepId?: string;
  readonly error: KbootError;
}

export interface ApplyResult {
  /** Number of steps that were done. */
  readonly executed: number;
  readonly failures: readonly Failure[];
  /** Hosts that were not attempted, because an earlier batch failed. */
  readonly held: readonly string[];
  readonly interrupted: boolean;
}

type Ending = 'done' | 'failed' | 'skipped';

/** How a phase ended: `some` of its hosts succeeded; `all` of its batches passed. */
interface PhaseEnding {
  readonly some: boolean;
  readonly all: boolean;
}

/** Why a batch may not start. `held`: an earlier batch of its phase failed. */
interface Obstacle {
  readonly why: string;
  readonly held: boolean;
}

/**
 * Applies a plan: a task starts when the earlier tasks of its host have ended, the batch before its own has passed, and
 * its phase's `after` holds. After a failure, no more tasks of that host and no later batches of that phase start.
 */
export async function applyPlan(plan: Plan, given: ApplyContext): Promise<ApplyResult> {
  const failures: Failure[] = [];
  const held = new Set<string>();
  const excluded = new Set(plan.hosts.flatMap(({ name, state }) => (state === 'unreachable' ? [name] : [])));
  let executed = 0;
  const context: ApplyContext = {
    ...given,
    emit(event) {
      if (event.type === 'done' && event.step.type !== 'wait') executed++;
      given.emit(event);
    },
  };
  const { signal, emit } = context;
  const worker = new Worker(plan, context, excluded);
  const phases = new Map<string, Promise<PhaseEnding>>();
  /** The last task of each host so far, in plan order. */
  const lastTasks = new Map<string, Promise<Ending>>();
  try {
    for (const phase of plan.phases) phases.set(phase.id, runPhase(phase));
    await Promise.all(phases.values());
  } finally {
    await worker.close();
  }
  return { executed, failures, held: [...held], interrupted: signal.aborted };

  /** Queues every task of a phase before the first of them starts. */
  async function runPhase(phase: Phase): Promise<PhaseEnding> {
    let before = unmet(phase.after);
    const tasks = phase.batches.flatMap((batch) => {
      const running = batch.tasks.map((task) => lineUp(phase, task, before));
      before = runBatch(phase, batch, running, before);
      return batch.tasks.map(({ on }, index) => ({ host: hostOf(on), ended: running[index] }));
    });
    const all = (await before) === undefined;
    const went = await Promise.all(
      tasks.map(async ({ host, ended }) => (await ended) === 'done' && !excluded.has(host ?? '')),
    );
    return { all, some: tasks.length === 0 ? all : went.includes(true) };
  }

  async function unmet(after: readonly Dependency[]): Promise<Obstacle | undefined> {
    for (const { phase, need } of after) {
      const ending = await phases.get(phase);
      if (ending === undefined || need === 'ended' || (need === 'any' ? ending.some : ending.all)) continue;
      return { why: `phase ${phase} did not complete`, held: false };
    }
    return undefined;
  }

  function lineUp(phase: Phase, task: Task, before: Promise<Obstacle | undefined>): Promise<Ending> {
    const host = hostOf(task.on);
    const earlier = host === undefined ? undefined : lastTasks.get(host);
    const ended = Promise.all([before, earlier]).then(([obstacle]) => runTask(phase, task, obstacle));
    if (host !== undefined) lastTasks.set(host, ended);
    return ended;
  }

  async function runTask(phase: Phase, task: Task, obstacle: Obstacle | undefined): Promise<Ending> {
    if (signal.aborted) return 'skipped';
    const host = hostOf(task.on);
    if (host !== undefined && excluded.has(host)) return skip(task.steps, `${host} did not reach this stage`);
    if (obstacle !== undefined) {
      if (host !== undefined) excluded.add(host);
      if (host !== undefined && obstacle.held) held.add(host);
      return skip(task.steps, obstacle.why);
    }
    try {
      await worker.run(phase, task);
      return 'done';
    } catch (cause) {
      const rolledBack = await worker.rollBack(task);
      if (host !== undefined) excluded.add(host);
      fail(cause, host, rolledBack);
      return 'failed';
    }
  }

  /** Resolves when the batch has ended: with undefined if it passed, else with the reason why the next one may not start. */
  async function runBatch(
    phase: Phase,
    { tasks, gates }: Batch,
    running: readonly Promise<Ending>[],
    before: Promise<Obstacle | undefined>,
  ): Promise<Obstacle | undefined> {
    const obstacle = await before;
    const endings = await Promise.all(running);
    if (obstacle !== undefined) {
      skip(gates, obstacle.why);
      return obstacle;
    }
    const hosts = tasks.flatMap(({ on }) => hostOf(on) ?? []);
    if (endings.every((ending) => ending === 'done')) {
      const holds = await Promise.all(gates.map((gate) => runGate(gate, tasks)));
      if (!holds.includes(false)) return undefined;
    }
    const alone = tasks.length === 1 ? hosts[0] : undefined;
    const why =
      alone === undefined ? `phase ${phase.id} did not complete` : `the rollout stopped at ${alone}`;
    return { why, held: true };
  }

  /**
   * Whether a gate holds. The failure of a gate that observes a host of its batch is a failure of that host, whose task
   * is rolled back.
   */
  async function runGate(gate: Gate, tasks: readonly Task[]): Promise<boolean> {
    if (signal.aborted) return false;
    try {
      return await worker.wait(gate);
    } catch (cause) {
      const subject = subjectOfGate(gate);
      const task = tasks.find(({ on }) => subject !== undefined && hostOf(on) === subject);
      const isFirst = task !== undefined && subject !== undefined && !excluded.has(subject);
      if (task !== undefined && subject !== undefined) excluded.add(subject);
      fail(cause, subject, isFirst ? await worker.rollBack(task) : undefined);
      return false;
    }
  }

  function fail(cause: unknown, host: string | undefined, rolledBack: string | undefined): void {
    const error = asKbootError(cause, host, rolledBack);
    const { stepId } = error.context;
    failures.push({ ...(host !== undefined && { host }), ...(stepId !== undefined && { stepId }), error });
    if (error.code === 'E-CONNECT' && host !== undefined)
      emit({ type: 'host-lost', host, message: error.message });
  }

  function skip(steps: readonly (Step | Gate)[], why: string): Ending {
    if (!signal.aborted) for (const step of steps) emit({ type: 'skipped', step, why });
    return 'skipped';
  }
}

function asKbootError(cause: unknown, host: string | undefined, rolledBack: string | undefined): KbootError {
  const known = cause instanceof KbootError ? cause : undefined;
  const message = cause instanceof Error ? cause.message : String(cause);
  const own = known?.context ?? { cause };
  const remedy = [rolledBack, own.remedy].filter((text) => text !== undefined).join('\n');
  return new KbootError(known?.code ?? 'E-STEP', message, {
    ...(host !== undefined && { host }),
    ...own,
    ...(remedy !== '' && { remedy }),
  });
}
