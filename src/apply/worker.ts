import { KbootError } from '../model/error.ts';
import { hostOf, tasksOf } from '../plan/steps.ts';
import { targetText } from '../plan/target.ts';
import type { Gate, Phase, Plan, Step, Task } from '../plan/types.ts';
import type { ApplyContext, Excluded } from './context.ts';
import { EtcdRunner } from './etcd.ts';
import { withStepEvents, type Moot } from './events.ts';
import { GateWatcher } from './gates.ts';
import { HostSessions } from './host-sessions.ts';
import { KubeConnection } from './kube-connection.ts';
import { KubeRunner } from './kube-steps.ts';
import { Spreader } from './spread/spreader.ts';
import { interruptedBefore } from './step-error.ts';
import { type Text } from '../model/language/text.ts';
import { remedies } from './remedies.ts';

/** Runs tasks and gates; run.ts decides when. */
export class Worker {
  #context: ApplyContext;
  #kube: KubeConnection;
  #sessions: HostSessions;
  #etcd: EtcdRunner;
  #kubeRunner: KubeRunner;
  #gates: GateWatcher;
  /** Number of remaining tasks of each host. */
  #left = new Map<string, number>();
  #spreader: Spreader | undefined;
  #excluded: Excluded;

  constructor(plan: Plan, context: ApplyContext, excluded: Excluded) {
    this.#context = context;
    this.#kube = new KubeConnection(context, excluded);
    this.#excluded = excluded;
    this.#spreader = plan.spread && new Spreader(plan.spread, context);
    this.#sessions = new HostSessions(context, plan.hosts, (host, sha256) =>
      this.#spreader?.file(host, sha256),
    );
    this.#etcd = new EtcdRunner(context);
    this.#kubeRunner = new KubeRunner(this.#kube, context, excluded);
    this.#gates = new GateWatcher(this.#kube, this.#etcd, context, {
      excluded,
      hosts: plan.hosts.length,
    });
    for (const { on } of tasksOf(plan.phases)) {
      const host = hostOf(on);
      if (host !== undefined) this.#left.set(host, (this.#left.get(host) ?? 0) + 1);
    }
  }

  /** Runs one task. Rejects with KbootError for the first step that failed; its rollback is the caller's. */
  async run(phase: Phase, task: Task): Promise<void> {
    const host = hostOf(task.on);
    if (host === undefined) {
      await this.#inOrder(undefined, task.steps, this.#context.signal);
      return;
    }
    const { emit } = this.#context;
    const begun = Date.now();
    this.#spreader?.start();
    emit({ type: 'task', phase: phase.id, host, steps: task.steps.length });
    try {
      await this.#inOrder(host, task.steps, this.#context.signal);
      emit({ type: 'task-done', phase: phase.id, host, seconds: (Date.now() - begun) / 1000 });
    } finally {
      const left = (this.#left.get(host) ?? 1) - 1;
      this.#left.set(host, left);
      if (left === 0) await this.#sessions.close(host);
    }
  }

  /** Whether a gate holds; false if the run was interrupted in the meantime. Rejects with KbootError E-WAIT. */
  async wait(gate: Gate): Promise<boolean> {
    return await this.#gates.hold(gate);
  }

  async close(): Promise<void> {
    this.#kube.close();
    await this.#sessions.closeAll();
    // What a host has not used yet is there for the next run.
    const isOver = [...this.#left.values()].every((left) => left === 0) && !this.#context.signal.aborted;
    await this.#spreader?.close((host) => !isOver || this.#excluded.has(host));
  }

  /**
   * Rolls a task back, even if the run is interrupted. Returns what happened, in words, for the report of the task's own
   * failure; undefined if the task has no rollback.
   */
  async rollBack({ on, rollback = [] }: Task): Promise<Text | undefined> {
    if (rollback.length === 0) return undefined;
    const host = hostOf(on);
    // The host's session skips everything after a failure.
    if (host !== undefined) await this.#sessions.close(host);
    // The host has failed, and may be the only one with an API server.
    const none: Excluded = new Set();
    const kube = new KubeConnection(this.#context, none);
    const runner = new KubeRunner(kube, this.#context, none);
    const failures: string[] = [];
    for (const group of neighbours(rollback))
      await this.#inOrder(host, group, new AbortController().signal, runner).catch((cause: unknown) => {
        failures.push(cause instanceof Error ? `${cause.message}${outputOf(cause)}` : String(cause));
      });
    kube.close();
    if (host !== undefined) await this.#sessions.close(host);
    const what = rollback.map(({ target, reason }) => `${targetText(target)}: ${reason}`).join('; ');
    return failures.length === 0
      ? remedies.rolledBack({ what })
      : remedies.notRolledBack({ failures: failures.join('; ') });
  }

  async #inOrder(
    host: string | undefined,
    steps: readonly Step[],
    signal: AbortSignal,
    runner = this.#kubeRunner,
  ): Promise<void> {
    for (const group of neighbours(steps)) {
      if (group.every((step) => step.type === 'shell')) await this.#sessions.run(host ?? '', group, signal);
      else for (const step of group) await this.#one(step, signal, runner);
    }
  }

  async #one(step: Step, signal: AbortSignal, runner: KubeRunner): Promise<void> {
    if (signal.aborted) throw interruptedBefore(step);
    try {
      await withStepEvents(step, this.#context.emit, () => this.#do(step, runner));
    } catch (cause) {
      const error = cause instanceof KbootError ? cause : new KbootError('E-STEP', String(cause), { cause });
      throw new KbootError(error.code, error.message, {
        ...error.context,
        step: error.context.step ?? targetText(step.target),
        stepId: step.id,
        remedy: error.context.remedyText ?? remedies.continuesHere,
      });
    }
  }

  async #do(step: Step, runner: KubeRunner): Promise<Moot | undefined> {
    switch (step.type) {
      case 'apply':
      case 'delete':
      case 'node':
      case 'rewrite':
      case 'accounts':
      case 'patch':
        return await runner.run(step);
      case 'etcd':
        await this.#etcd.run(step);
        return undefined;
      case 'issue':
        await this.#context.materials();
        return undefined;
      case 'hook':
        return await this.#context.runHook(step);
      case 'shell':
        throw new Error('a shell step runs in the session of its host');
    }
  }
}

/** Steps in order, consecutive shell steps in one group: a host gets them as one batch. */
function neighbours(steps: readonly Step[]): Step[][] {
  const groups: Step[][] = [];
  for (const step of steps) {
    const last = groups.at(-1);
    if (last !== undefined && last[0]?.type === 'shell' && step.type === 'shell') last.push(step);
    else groups.push([step]);
  }
  return groups;
}

/** The last line that a failed step printed. */
function outputOf(error: Error): string {
  const detail = error instanceof KbootError ? error.context.detail : undefined;
  const line = detail?.trimEnd().split('\n').at(-1) ?? '';
  return line === '' ? '' : ` (${line})`;
}
