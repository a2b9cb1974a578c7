import pLimit from 'p-limit';
import type { Duplex } from 'node:stream';
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
}

export const askOptions: AskOptions = { concurrency: 16, timeoutMs: 3000, attempts: 2, retriedFailures: 16 };

export interface AskTools {
  /** A stream to `address:port` from the host `via`, or from this machine. */
  open(via: string | undefined, address: string, port: number): Promise<Duplex>;
  readonly credentials: KubeCredentials;
}

/**
 * Runs every check, each with a timeout and one retry. A failed check is a result, never a rejection; once `signal`
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
  const results = await Promise.all(
    checks.map((check) =>
      limit(async () => {
        if (signal.aborted) return undefined;
        const patient = (failed.get(check.kind) ?? 0) < options.retriedFailures;
        const result = await askOne(check, tools, { ...options, attempts: patient ? options.attempts : 1 });
        if (!result.ok) failed.set(check.kind, (failed.get(check.kind) ?? 0) + 1);
        onResult(result);
        return result;
      }),
    ),
  );
  return results.filter((result) => result !== undefined);
}

async function askOne(check: Check, tools: AskTools, options: AskOptions): Promise<CheckResult> {
  const { kind, from, to, asked, family } = check;
  let first: string | undefined;
  for (let attempt = 1; ; attempt += 1) {
    const begun = performance.now();
    const why = await failureOf(check, tools, options.timeoutMs);
    const milliseconds = Math.round(performance.now() - begun);
    const about = family === undefined ? {} : { family };
    const result = { kind, from, to, asked, ...about, milliseconds, attempts: attempt };
    if (why === undefined) return { ...result, ok: true, ...(first !== undefined && { why: first }) };
    if (attempt >= options.attempts)
      return {
        ...result,
        ok: false,
        why: first === undefined || first === why ? why : `${why}; first attempt: ${first}`,
      };
    first ??= why;
  }
}

/** What happened instead of the expected answer; undefined: the expected answer arrived. */
async function failureOf(check: Check, tools: AskTools, timeoutMs: number): Promise<string | undefined> {
  const open = (): Promise<Duplex> => tools.open(check.via, check.address, check.port);
  try {
    if (check.kind === 'api') {
      const { status, body } = await overStream(open, timeoutMs, (stream) =>
        getReadyz(stream, check.address, tools.credentials),
      );
      return status === 200 ? undefined : `it returned ${status}: ${body.slice(0, 200)}`;
    }
    return judge(check, await overStream(open, timeoutMs, (stream) => askDns(stream, check.question)));
  } catch (error) {
    return messageOf(error);
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
