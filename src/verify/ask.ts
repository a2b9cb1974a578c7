import pLimit from 'p-limit';
import type { Duplex } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type { KubeCredentials } from '../kube/client.ts';
import { KbootError } from '../model/error.ts';
import type { Check, DnsCheck } from './checks.ts';
import { askDns } from './dns.ts';
import { getReadyz } from './readyz.ts';
import { overStream } from './stream.ts';
import type { CheckKind, CheckResult } from './types.ts';

/** How checks are run; tests shorten the times. */
export interface AskOptions {
  readonly concurrency: number;
  readonly timeoutMs: number;
  readonly attempts: number;
  /** After this many failures of one kind, further checks of that kind are not retried. */
  readonly retriedFailures: number;
  /** How long after the first such answer a run asks again for a new name that the cluster's DNS does not know yet. */
  readonly newNameMs: number;
  readonly newNamePauseMs: number;
}

/**
 * Watches of CoreDNS that an API server's restart ended are opened again after half a minute to a minute (client-go's
 * Reflector: 30 s with jitter), and once more if the API server is not ready by then. It answers from what it has meanwhile.
 */
export const askOptions: AskOptions = {
  concurrency: 16,
  timeoutMs: 3000,
  attempts: 2,
  retriedFailures: 16,
  newNameMs: 150_000,
  newNamePauseMs: 2000,
};

export interface AskTools {
  /** A stream to `address:port` from the host `via`, or from this machine. */
  open(via: string | undefined, address: string, port: number): Promise<Duplex>;
  readonly credentials: KubeCredentials;
}

/**
 * Runs every check, each with a timeout and one retry; a new name that DNS does not know is asked for again. A failed check is a result, never a rejection; once `signal`
 * is aborted, no further check is run. Returns results in the order of the checks.
 */
export async function askAll(
  checks: readonly Check[],
  tools: AskTools,
  signal: AbortSignal,
  onResult: (result: CheckResult) => void,
  options: AskOptions = askOptions,
): Promise<readonly CheckResult[]> {
  const limit = pLimit(options.concurrency);
  const failed = new Map<CheckKind, number>();
  let firstUnknown: number | undefined;
  const mayLearn = (): boolean => {
    firstUnknown ??= performance.now();
    return !signal.aborted && performance.now() < firstUnknown + options.newNameMs;
  };
  const results = await Promise.all(
    checks.map((check) =>
      limit(async () => {
        if (signal.aborted) return undefined;
        const patient = (failed.get(check.kind) ?? 0) < options.retriedFailures;
        const attempts = patient ? options.attempts : 1;
        const result = await askOne(check, tools, { ...options, attempts }, mayLearn);
        if (!result.ok) failed.set(check.kind, (failed.get(check.kind) ?? 0) + 1);
        onResult(result);
        return result;
      }),
    ),
  );
  return results.filter((result) => result !== undefined);
}

async function askOne(
  check: Check,
  tools: AskTools,
  options: AskOptions,
  mayLearn: () => boolean,
): Promise<CheckResult> {
  const { kind, from, to, asked, family } = check;
  let first: string | undefined;
  for (let attempt = 1; ; attempt += 1) {
    const begun = performance.now();
    const failure = await failureOf(check, tools, options.timeoutMs);
    const why = failure?.why;
    const milliseconds = Math.round(performance.now() - begun);
    const about = family === undefined ? {} : { family };
    const result = { kind, from, to, asked, ...about, milliseconds, attempts: attempt };
    if (why === undefined) return { ...result, ok: true, ...(first !== undefined && { why: first }) };
    const waits = failure?.unknownName === true && mayLearn();
    if (!waits && attempt >= options.attempts)
      return {
        ...result,
        ok: false,
        why: first === undefined || first === why ? why : `${why}; first attempt: ${first}`,
      };
    first ??= why;
    if (waits) await sleep(options.newNamePauseMs);
  }
}

interface Failure {
  readonly why: string;
  /** The answer is that a new name does not exist. */
  readonly unknownName?: boolean;
}

/** What happened instead of the expected answer; undefined: the expected answer arrived. */
async function failureOf(check: Check, tools: AskTools, timeoutMs: number): Promise<Failure | undefined> {
  const open = (): Promise<Duplex> => tools.open(check.via, check.address, check.port);
  try {
    if (check.kind === 'api') {
      const { status, body } = await overStream(open, timeoutMs, (stream) =>
        getReadyz(stream, check.address, tools.credentials),
      );
      return status === 200 ? undefined : { why: `it returned ${status}: ${body.slice(0, 200)}` };
    }
    const answer = await overStream(open, timeoutMs, (stream) => askDns(stream, check.question));
    const why = judge(check, answer);
    if (why === undefined) return undefined;
    return { why, unknownName: check.isNew === true && answer.status === 'NXDOMAIN' };
  } catch (error) {
    return { why: messageOf(error) };
  }
}

function judge(check: DnsCheck, answer: Awaited<ReturnType<typeof askDns>>): string | undefined {
  const [value] = answer.values;
  if (answer.status === 'SERVFAIL') return 'the Pod got no answer from there (SERVFAIL)';
  if (answer.status !== 'NOERROR') return `the answer is ${answer.status}`;
  if (value === undefined) return 'the answer is empty';
  if (!check.expect.includes(value))
    return `the answer is ${value}${check.expect.length === 1 ? `, not ${check.expect[0] ?? ''}` : ', which is not a node in this run'}`;
  if (answer.bytes < check.atLeastBytes) return `the answer has only ${answer.bytes} bytes`;
  return undefined;
}

/** The message, with the error of the host's sshd if the host made the connection. */
function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const detail = error instanceof KbootError ? error.context.detail : undefined;
  return detail === undefined || detail === '' ? error.message : `${error.message}: ${detail}`;
}
