import { KbootError } from '../model/error.ts';
import { stages, stagesUntil, type Stage } from '../model/stage.ts';
import type { HostStep, OnHostStep, Plan, Step } from '../plan/types.ts';
import { ClusterRunner } from './cluster.ts';
import type { ApplyContext } from './context.ts';
import { EtcdRunner } from './etcd.ts';
import { runHostStage, runMembership, runSteps } from './host.ts';
import { Session } from './session.ts';
import { told } from './told.ts';
import { Held, Turns } from './turns.ts';

export interface Failure {
  readonly host?: string;
  readonly stepId?: string;
  readonly error: KbootError;
}

export interface ApplyResult {
  readonly executed: number;
  readonly failures: readonly Failure[];
  /** Hosts that were left alone, since one before them in the roll failed. */
  readonly held: readonly string[];
  readonly interrupted: boolean;
}

/** Hooks after it run when all is done and well. */
const last: Stage = 'addon';

/**
 * Carries out a plan. Hosts go through their stages side by side, each at its own pace, but for those of the roll,
 * which take turns; the cluster's steps of a stage begin when the control plane has gone through that stage.
 * A failure ends its host, and the roll.
 */
export async function applyPlan(plan: Plan, given: ApplyContext): Promise<ApplyResult> {
  const failures: Failure[] = [];
  const failedHosts = new Set<string>(
    plan.hosts.filter((host) => host.state === 'unreachable').map((host) => host.name),
  );
  let executed = 0;
  const context: ApplyContext = {
    ...given,
    emit(event) {
      if (event.type === 'done') executed++;
      given.emit(event);
    },
  };
  try {
    await runOperator('before', 'host');
  } catch (cause) {
    return stoppedEarly(cause);
  }
  if (plan.issue.length > 0) {
    await context.materials();
    context.emit({ type: 'issued', count: plan.issue.length });
  }

  const held = new Set<string>();
  const turns = new Turns(plan.roll);
  const etcd = new EtcdRunner(context);
  const runner = new ClusterRunner(context, etcd, failedHosts, held);
  try {
    for (const step of plan.membership) {
      if (step.type === 'host') await runFirst(step);
      else if (step.type === 'etcd') await runMembership(step, context, etcd);
      else await runner.run([step]);
    }
  } catch (cause) {
    runner.close();
    // Without its snapshot, or with a member too many, nothing else may begin.
    return stoppedEarly(cause);
  }
  const passed = new Map<string, Promise<boolean>>();
  const hostRuns = plan.hosts
    .filter((host) => host.state !== 'unreachable')
    .map(({ name }) =>
      runHost(
        name,
        plan.hostSteps.filter((step) => step.host === name),
      ),
    );

  async function runFirst(step: HostStep): Promise<void> {
    const session = await openSession(step.host);
    try {
      await runSteps(session, [step], context);
    } finally {
      await session.close();
    }
  }

  async function openSession(host: string): Promise<Session> {
    const connection = context.connections.get(host);
    if (connection === undefined)
      throw new KbootError('E-CONNECT', 'there is no connection to this host', { host });
    return await Session.open(connection.writer);
  }

  async function runHost(host: string, steps: readonly OnHostStep[]): Promise<void> {
    const marks = stages.map((stage) => deferred(passed, `${host} ${stage}`));
    const turn = turns.of(host);
    let stoppedBy: string | undefined = host;
    let session: Session | undefined;
    try {
      if (steps.length > 0) {
        session = await openSession(host);
        for (const [index, stage] of stages.entries()) {
          if (turn?.from === stage) await turns.begin(host);
          const ofStage = steps.filter((step) => step.stage === stage);
          if (ofStage.length > 0) await runHostStage(session, stage, ofStage, context, etcd);
          // Whoever takes turns has come through a stage once it is healthy again.
          if (turn === undefined || stages.indexOf(turn.from) > index) marks[index]?.(true);
        }
      }
      if (turn !== undefined) await runner.run(turn.waits);
      for (const mark of marks) mark(true);
      if (!context.signal.aborted) stoppedBy = undefined;
    } catch (cause) {
      for (const mark of marks) mark(false);
      if (cause instanceof Held) {
        stoppedBy = cause.by;
        held.add(host);
        skip(
          steps.filter((step) => stages.indexOf(step.stage) >= stages.indexOf(turn?.from ?? 'host')),
          cause.message,
        );
        return;
      }
      const error = asKbootError(cause, host);
      failedHosts.add(host);
      failures.push({ host, ...(error.context.step !== undefined && { stepId: error.context.step }), error });
      if (error.code === 'E-CONNECT') context.emit({ type: 'host-lost', host, message: error.message });
    } finally {
      await etcd.hostEnded(host);
      turns.end(host, stoppedBy);
      await session?.close();
    }
  }

  const controlPlane = hostsOf('control-plane');
  const etcdHosts = hostsOf('etcd');
  const runStage = async (stage: Stage): Promise<void> => {
    const steps = plan.clusterSteps.filter((step) => step.stage === stage);
    const hooks = plan.operatorSteps.some((step) => step.stage === stage && step.when === 'after');
    if (steps.length === 0 && !hooks) return;
    const owners = stage === 'etcd' && etcdHosts.length > 0 ? etcdHosts : controlPlane;
    if (!(await reachedBy(owners, stage, passed))) {
      skip(steps, 'the control plane did not come that far');
      return;
    }
    if (context.signal.aborted) return;
    await runner.run(steps);
    if (stage !== last) await runOperator('after', stage);
  };
  try {
    for (const stage of stagesUntil('control-plane')) await runStage(stage);
    // Once the API serves, nodes and add-ons need not wait for each other.
    const both = await Promise.allSettled([runStage('node'), runStage('addon')]);
    for (const result of both) if (result.status === 'rejected') fail(result.reason);
  } catch (cause) {
    fail(cause);
  }
  try {
    await Promise.all(hostRuns);
  } finally {
    runner.close();
  }
  try {
    if (failures.length === 0) await runOperator('after', last);
  } catch (cause) {
    fail(cause);
  }
  return { executed, failures, held: [...held], interrupted: context.signal.aborted };

  /** Hooks of one place, one after another. */
  async function runOperator(when: 'before' | 'after', stage: Stage): Promise<void> {
    const steps = plan.operatorSteps.filter((step) => step.when === when && step.stage === stage);
    for (const step of steps) {
      if (context.signal.aborted) break;
      await told(step, context.emit, () => context.operator(step));
    }
  }

  function stoppedEarly(cause: unknown): ApplyResult {
    return {
      executed,
      failures: [{ error: asKbootError(cause, undefined) }],
      held: [],
      interrupted: context.signal.aborted,
    };
  }

  function fail(cause: unknown): void {
    const error = asKbootError(cause, undefined);
    failures.push({ ...(error.context.step !== undefined && { stepId: error.context.step }), error });
  }

  function hostsOf(role: string): readonly string[] {
    return plan.hosts.filter((host) => host.roles.includes(role)).map((host) => host.name);
  }

  function skip(steps: readonly Step[], why: string): void {
    for (const step of steps) context.emit({ type: 'skipped', step, why });
  }
}

/** Whether any of the hosts that a stage is about went through it. */
async function reachedBy(
  hosts: readonly string[],
  stage: Stage,
  passed: ReadonlyMap<string, Promise<boolean>>,
): Promise<boolean> {
  const results = await Promise.all(
    hosts.map((host) => passed.get(`${host} ${stage}`) ?? Promise.resolve(false)),
  );
  return results.includes(true);
}

function deferred(into: Map<string, Promise<boolean>>, key: string): (value: boolean) => void {
  let settle: (value: boolean) => void = () => undefined;
  into.set(
    key,
    new Promise((resolve) => {
      settle = resolve;
    }),
  );
  return settle;
}

function asKbootError(cause: unknown, host: string | undefined): KbootError {
  if (cause instanceof KbootError)
    return host === undefined || cause.context.host !== undefined
      ? cause
      : new KbootError(cause.code, cause.message, { ...cause.context, host });
  const message = cause instanceof Error ? cause.message : String(cause);
  return new KbootError('E-STEP', message, { ...(host !== undefined && { host }), cause });
}
