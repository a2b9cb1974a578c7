import pLimit from 'p-limit';
import { KbootError, type ErrorContext } from '../model/error.ts';
import { plural } from '../model/plural.ts';
import { hostOf, subjectOfGate, tasksOf } from '../plan/steps.ts';
import type { Batch, Dependency, Gate, Phase, Plan, Step, Task } from '../plan/types.ts';
import type { ApplyContext } from './context.ts';
import { inSpan, lastOf, type Before, type Ended } from './spans.ts';
import { Worker } from './worker.ts';
import { lines, type Text } from '../model/language/text.ts';

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
  /** How many hosts had failed when no new task started because of `maxFailures`; absent: every task could start. */
  readonly stoppedAfter?: number;
}

/** How a task ended, and the last span until then. */
interface Ending {
  readonly how: 'done' | 'failed' | 'skipped';
  readonly last: Ended | undefined;
}

/** How a phase ended: `some` of its hosts succeeded; `all` of its batches passed. */
interface PhaseEnding {
  readonly some: boolean;
  readonly all: boolean;
  readonly last: Ended | undefined;
}

/** What the phases before a phase, or the batch before a batch, left behind. */
interface Way {
  /** Why the next batch may not start. */
  readonly obstacle: Obstacle | undefined;
  readonly last: Ended | undefined;
}

interface Place {
  readonly phase: Phase;
  /** Number of the batch, from 1 on. */
  readonly batch: number;
}

/** Why a batch may not start. `held`: an earlier batch of its phase failed. */
interface Obstacle {
  readonly why: string;
  readonly held: boolean;
}

/**
 * Applies a plan: a task starts when the earlier tasks of its host have ended, the batch before its own has passed, and
 * its phase's `after` holds. After a failure, no more tasks of that host and no later batches of that phase start; after
 * `maxFailures` failed hosts, no task at all: those that run go on to their end.
 */
export async function applyPlan(plan: Plan, given: ApplyContext): Promise<ApplyResult> {
  const failures: Failure[] = [];
  const held = new Set<string>();
  const excluded = new Set(plan.hosts.flatMap(({ name, state }) => (state === 'unreachable' ? [name] : [])));
  /** Hosts, and ids of steps and gates of the cluster. */
  const failed = new Set(excluded);
  const { maxFailures = Infinity, concurrency = Infinity } = given;
  /** Of a thousand workers, some at a time; control planes, for which the others wait, at once. */
  const crowd = new Set(
    plan.hosts.flatMap(({ name, roles }) => (roles.includes('control-plane') ? [] : [name])),
  );
  const slots = pLimit(concurrency);
  const hostOfStep = new Map(
    maxFailures === Infinity
      ? []
      : tasksOf(plan.phases).flatMap(({ on, steps }) => steps.map(({ id }) => [id, hostOf(on)] as const)),
  );
  /** Steps that did not start because of `maxFailures`. */
  const left: Step[] = [];
  let executed = 0;
  const context: ApplyContext = {
    ...given,
    emit(event) {
      if (event.type === 'done' && event.step.type !== 'wait') executed++;
      // At once: until its rollback and its session have ended, others would start.
      if (event.type === 'failed')
        failed.add(
          event.step.type === 'wait'
            ? (subjectOfGate(event.step) ?? event.step.id)
            : (hostOfStep.get(event.step.id) ?? event.step.id),
        );
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
  return {
    ...{ executed, failures, held: [...held], interrupted: signal.aborted },
    ...(left.length > 0 && { stoppedAfter: failed.size }),
  };

  /** Queues every task of a phase before the first of them starts. */
  async function runPhase(phase: Phase): Promise<PhaseEnding> {
    let before = unmet(phase.after);
    const tasks = phase.batches.flatMap((batch, index) => {
      const place: Place = { phase, batch: index + 1 };
      const running = batch.tasks.map((task, number) => lineUp(place, task, number + 1, before));
      before = runBatch(place, batch, running, before);
      return batch.tasks.map(({ on }, number) => ({ host: hostOf(on), ended: running[number] }));
    });
    const { obstacle, last } = await before;
    const all = obstacle === undefined;
    const went = await Promise.all(
      tasks.map(async ({ host, ended }) => (await ended)?.how === 'done' && !excluded.has(host ?? '')),
    );
    return { all, some: tasks.length === 0 ? all : went.includes(true), last };
  }

  async function unmet(after: readonly Dependency[]): Promise<Way> {
    let last: Ended | undefined;
    for (const { phase, need } of after) {
      const ending = await phases.get(phase);
      last = lastOf(last, ending?.last);
      if (ending === undefined || need === 'ended' || (need === 'any' ? ending.some : ending.all)) continue;
      return { obstacle: { why: `phase ${phase} did not complete`, held: false }, last };
    }
    return { obstacle: undefined, last };
  }

  function lineUp(place: Place, task: Task, number: number, before: Promise<Way>): Promise<Ending> {
    const host = hostOf(task.on);
    const earlier = host === undefined ? undefined : lastTasks.get(host);
    const ended = Promise.all([before, earlier]).then(([way, prior]) => {
      const run = (): Promise<Ending> => runTask(place, task, number, way, prior?.last);
      return host !== undefined && crowd.has(host) ? slots(run) : run();
    });
    if (host !== undefined) lastTasks.set(host, ended);
    return ended;
  }

  async function runTask(
    { phase, batch }: Place,
    task: Task,
    number: number,
    { obstacle, last }: Way,
    prior: Ended | undefined,
  ): Promise<Ending> {
    const skipped: Ending = { how: 'skipped', last: lastOf(last, prior) };
    if (signal.aborted) return skipped;
    const host = hostOf(task.on);
    if (host !== undefined && excluded.has(host)) {
      skip(task.steps, `${host} did not reach this stage`);
      return skipped;
    }
    if (obstacle !== undefined) {
      if (host !== undefined) excluded.add(host);
      if (host !== undefined && obstacle.held) held.add(host);
      skip(task.steps, obstacle.why);
      return skipped;
    }
    if (failed.size >= maxFailures) {
      left.push(...task.steps);
      if (host !== undefined) excluded.add(host);
      if (host !== undefined) held.add(host);
      skip(task.steps, `nothing new starts after ${plural(failed.size, 'failure')}`);
      return skipped;
    }
    const span = { id: `${phase.id}/${batch}/task-${number}`, phase: phase.id, batch, task: number };
    const waits: Before = [
      { rule: 'host', ended: prior },
      { rule: batch === 1 ? 'phase' : 'batch', ended: last },
    ];
    const { result, ended } = await inSpan<Ending['how']>(
      { ...span, ...(host !== undefined && { host }) },
      waits,
      emit,
      async () => {
        try {
          await worker.run(phase, task);
          return { result: 'done', ending: 'done' };
        } catch (cause) {
          const rolledBack = await worker.rollBack(task);
          if (host !== undefined) excluded.add(host);
          fail(cause, host, rolledBack);
          return { result: 'failed', ending: 'failed' };
        }
      },
    );
    return { how: result, last: ended };
  }

  /** Resolves when the batch has ended; without an obstacle if it passed. */
  async function runBatch(
    place: Place,
    { tasks, gates }: Batch,
    running: readonly Promise<Ending>[],
    before: Promise<Way>,
  ): Promise<Way> {
    const { obstacle, last: earlier } = await before;
    const endings = await Promise.all(running);
    const worked = lastOf(...endings.map(({ last }) => last));
    const last = lastOf(earlier, worked);
    if (obstacle !== undefined) {
      skip(gates, obstacle.why);
      return { obstacle, last };
    }
    const hosts = tasks.flatMap(({ on }) => hostOf(on) ?? []);
    const waits: Before = [
      { rule: 'tasks', ended: worked },
      { rule: place.batch === 1 ? 'phase' : 'batch', ended: earlier },
    ];
    let held = last;
    if (endings.every(({ how }) => how === 'done')) {
      const holds = await Promise.all(
        gates.map((gate, index) => runGate(place, gate, index + 1, tasks, waits)),
      );
      held = lastOf(last, ...holds.map(({ ended }) => ended));
      if (holds.every(({ result }) => result)) return { obstacle: undefined, last: held };
    }
    const alone = tasks.length === 1 ? hosts[0] : undefined;
    const why =
      alone === undefined ? `phase ${place.phase.id} did not complete` : `the rollout stopped at ${alone}`;
    return { obstacle: { why, held: true }, last: held };
  }

  /**
   * Whether a gate holds. The failure of a gate that observes a host of its batch is a failure of that host, whose task
   * is rolled back.
   */
  async function runGate(
    { phase, batch }: Place,
    gate: Gate,
    number: number,
    tasks: readonly Task[],
    waits: Before,
  ): Promise<{ readonly result: boolean; readonly ended?: Ended }> {
    if (signal.aborted) return { result: false };
    const span = { id: `${phase.id}/${batch}/gate-${number}`, phase: phase.id, batch, gate: gate.id };
    return await inSpan(span, waits, emit, async () => {
      try {
        const result = await worker.wait(gate);
        return { result, ending: result ? 'done' : 'cut-off' };
      } catch (cause) {
        const subject = subjectOfGate(gate);
        const task = tasks.find(({ on }) => subject !== undefined && hostOf(on) === subject);
        const isFirst = task !== undefined && subject !== undefined && !excluded.has(subject);
        if (task !== undefined && subject !== undefined) excluded.add(subject);
        fail(cause, subject, isFirst ? await worker.rollBack(task) : undefined);
        return { result: false, ending: 'failed' };
      }
    });
  }

  function fail(cause: unknown, host: string | undefined, rolledBack: Text | undefined): void {
    const error = asKbootError(cause, host, rolledBack);
    const { stepId } = error.context;
    if (error.code !== 'E-INTERRUPTED') failed.add(host ?? stepId ?? '');
    failures.push({ ...(host !== undefined && { host }), ...(stepId !== undefined && { stepId }), error });
    if (error.code === 'E-CONNECT' && host !== undefined)
      emit({ type: 'host-lost', host, message: error.message });
  }

  function skip(steps: readonly (Step | Gate)[], why: string): void {
    if (!signal.aborted) for (const step of steps) emit({ type: 'skipped', step, why });
  }
}

function asKbootError(cause: unknown, host: string | undefined, rolledBack: Text | undefined): KbootError {
  const known = cause instanceof KbootError ? cause : undefined;
  const message = cause instanceof Error ? cause.message : String(cause);
  const own: ErrorContext = known?.context ?? { cause };
  const remedy = lines(rolledBack, own.remedyText);
  const context = { ...(host !== undefined && { host }), ...own };
  return new KbootError(
    known?.code ?? 'E-STEP',
    message,
    remedy.en === '' ? context : { ...context, remedy },
  );
}
