import { changesAnything } from '../plan/steps.ts';
import type { Plan } from '../plan/types.ts';
import { KbootError } from '../model/error.ts';
import { plural } from '../model/plural.ts';
import { remedies } from './remedies.ts';

/** The flags that say how many hosts may fail. */
export interface FailureArgs {
  readonly 'fail-fast'?: boolean;
  readonly 'max-failures'?: string | undefined;
}

/** After how many failed hosts nothing new starts, and the flag that says so. */
export interface MaxFailures {
  readonly flag: string;
  /** Of this many hosts that may change. At least 1. */
  count(hosts: number): number;
}

/** undefined: a run goes on with the other hosts, however many fail. Throws KbootError E-USAGE. */
export function maxFailuresOf(args: FailureArgs): MaxFailures | undefined {
  const { 'fail-fast': first = false, 'max-failures': most } = args;
  if (most === undefined) return first ? { flag: '--fail-fast', count: () => 1 } : undefined;
  if (first)
    throw new KbootError('E-USAGE', '--fail-fast and --max-failures exclude each other', {
      remedy: remedies.failFast,
    });
  const [, number = '', percent] = /^(\d{1,6})(%?)$/.exec(most) ?? [];
  const value = Number(number);
  if (number === '' || value === 0 || (percent === '%' && value > 100))
    throw new KbootError(
      'E-USAGE',
      `--max-failures ${most}: must be a number from 1, or a percentage from 1% to 100%`,
      {
        remedy: remedies.whatMaxFailures,
      },
    );
  return {
    flag: `--max-failures ${most}`,
    count: (hosts) => (percent === '%' ? Math.max(1, Math.ceil((hosts * value) / 100)) : value),
  };
}

/** Throws KbootError E-MAX-FAILURES if so many hosts of a plan with changes could not be read that none of them would be made. */
export function refuseFailures(
  plan: Plan,
  unread: readonly string[],
  max: MaxFailures | undefined,
  hosts: number,
): void {
  if (max === undefined || !changesAnything(plan) || unread.length < max.count(hosts)) return;
  throw new KbootError(
    'E-MAX-FAILURES',
    `${plural(unread.length, 'host')} could not be read, and nothing starts after ${plural(max.count(hosts), 'failed host')} (${max.flag})`,
    {
      remedy: remedies.repairOrOmit({ flag: max.flag }),
    },
  );
}

/** What the end of a run says if it was stopped; undefined if it was not. */
export function stoppedText(max: MaxFailures | undefined, failed: number | undefined): string | undefined {
  if (max === undefined || failed === undefined) return undefined;
  return `Stopped after ${plural(failed, 'failure')}, because of ${max.flag}: what ran has ended, nothing new was started (E-MAX-FAILURES).`;
}
