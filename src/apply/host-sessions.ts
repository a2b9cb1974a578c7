import pLimit from 'p-limit';
import { KbootError } from '../model/error.ts';
import { targetText } from '../plan/target.ts';
import type { Plan, ShellStep } from '../plan/types.ts';
import type { ApplyContext } from './context.ts';
import { payloadBytes } from './payload.ts';
import { Session, type StepResult } from './session.ts';
import { interruptedBefore, stepError } from './step-error.ts';
import { startTransfer, type Transfer } from './transfer.ts';
import { Turns } from './turns.ts';

/** Maximum number of steps sent ahead to a host: enough to hide the round trip, few enough to stop soon. */
const window = 8;

/** Hosts that are sent files at a time, at first (turns.ts). */
const fewUploads = 8;

type SessionContext = Pick<ApplyContext, 'connections' | 'materials' | 'emit' | 'lockToken' | 'concurrency'>;
/** Whether a file of the spread has come to a host; undefined: it is not spread there. */
type Arrived = (host: string, sha256: string) => Promise<boolean> | undefined;

/** Control planes first: the others wait for them. */
function inTurn(hosts: Plan['hosts']): readonly string[] {
  const isPlane = ({ roles }: Plan['hosts'][number]): boolean => roles.includes('control-plane');
  return [...hosts.filter(isPlane), ...hosts.filter((host) => !isPlane(host))].map(({ name }) => name);
}

/** One shell session for each host, from its first step to its last. */
export class HostSessions {
  #context: SessionContext;
  #turns: Turns;
  #arrived: Arrived;
  #open = new Map<string, Promise<Session>>();

  constructor(context: SessionContext, hosts: Plan['hosts'], arrived: Arrived = () => undefined) {
    this.#context = context;
    const { concurrency = hosts.length } = context;
    this.#turns = new Turns({
      few: Math.min(fewUploads, concurrency),
      most: concurrency,
      order: inTurn(hosts),
    });
    this.#arrived = arrived;
  }

  /**
   * Submits shell steps to their host, in order; the host skips steps after a failure. Rejects with KbootError for the
   * first step that failed, and for steps that did not start because of `signal`.
   */
  async run(host: string, steps: readonly ShellStep[], signal: AbortSignal): Promise<void> {
    await runSteps(await this.#session(host), steps, { ...this.#context, signal }, (sha256) =>
      this.#arrived(host, sha256),
    );
  }

  async close(host: string): Promise<void> {
    const session = await this.#open.get(host)?.catch(() => undefined);
    this.#open.delete(host);
    const cpuSeconds = await session?.close();
    if (cpuSeconds !== undefined) this.#context.emit({ type: 'session', host, cpuSeconds });
  }

  async closeAll(): Promise<void> {
    await Promise.all([...this.#open.keys()].map((host) => this.close(host)));
  }

  #session(host: string): Promise<Session> {
    const known = this.#open.get(host);
    if (known !== undefined) return known;
    const connection = this.#context.connections.get(host);
    const session =
      connection === undefined
        ? Promise.reject(new KbootError('E-CONNECT', 'there is no connection to this host', { host }))
        : Session.open(connection.writer, this.#context.lockToken, { turn: () => this.#turns.take(host) });
    this.#open.set(host, session);
    return session;
  }
}

/** Submits a batch, step by step. Throws KbootError for the first step that failed. */
export async function runSteps(
  session: Session,
  steps: readonly ShellStep[],
  { materials, emit, signal }: Pick<ApplyContext, 'materials' | 'emit' | 'signal'>,
  arrived?: (sha256: string) => Promise<boolean> | undefined,
): Promise<void> {
  const secrets = steps.some((step) => step.payload !== undefined) ? await materials() : undefined;
  // All payloads before the first step: a step without its payload would not stop the later ones.
  const payloads = steps.map(({ payload }) => {
    const bytes = payload && secrets && payloadBytes(payload, secrets, arrived);
    return payload && bytes && { payload: { path: payload.path, bytes } };
  });
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
      failure ??= interruptedBefore(step, session.host);
      return;
    }
    let started = Date.now();
    let result: StepResult;
    let transfer: Transfer | undefined;
    const what = targetText(step.target);
    try {
      result = await session.run(
        { script: step.script, timeoutSeconds: step.timeoutSeconds, ...payloads[index] },
        () => {
          started = Date.now();
          emit({ type: 'start', step });
        },
        (bytes, size) => {
          transfer ??= startTransfer(emit, { host: session.host, what, size });
          transfer.sent(bytes);
          if (bytes === size) transfer.end();
        },
      );
    } catch (cause) {
      // The session ended; an earlier failed step is the cause.
      if (!(cause instanceof KbootError)) throw cause;
      failure ??= cause;
      return;
    } finally {
      transfer?.end();
    }
    if (result.state === 'skipped') {
      if (isStopped()) failure ??= interruptedBefore(step, session.host);
      else emit({ type: 'skipped', step, why: 'an earlier step of this host failed' });
    } else if (result.state === 'failed') {
      failure ??= stepError(session.host, step, result.status, result.output);
      emit({ type: 'failed', step, message: failure.message, detail: result.output });
    } else {
      emit({ type: 'done', step, seconds: (Date.now() - started) / 1000 });
    }
  });
  signal.removeEventListener('abort', stop);
  if (failure !== undefined) throw failure;
}
