import { lines, quote } from '../model/shell.ts';
import type { HookResource, Kind } from './types.ts';

/** Timeout of an `unless` command in seconds, so that it cannot block planning. */
const unlessSeconds = 30;

/** Shell that runs `unless` quietly. */
function question({ environment, unless }: Pick<HookResource, 'environment'> & { unless: string }): string {
  const shell = hookShell({ environment, run: unless });
  return `timeout ${unlessSeconds} sh -c ${quote(shell)} </dev/null >/dev/null 2>&1`;
}

/**
 * One of the operator's own commands. With `unless` it is a state like any other, which is only read while planning if
 * commands of the inventory may run then. Without, it is never satisfied: diff-host.ts leaves it out if its stage has
 * nothing else to do.
 */
export const hook: Kind<HookResource, true> = {
  name: (want) => want.name,
  query: (wants) =>
    wants
      .map(({ name, unless, environment, mayAsk }) =>
        unless === undefined || mayAsk !== true
          ? ':'
          : `if ${question({ environment, unless })}; then echo ${quote(name)}; fi`,
      )
      .join('\n'),
  read(wants, output) {
    const met = new Set(lines(output));
    return wants.map(({ name }) => (met.has(name) ? { state: 'present', found: true } : { state: 'absent' }));
  },
  action(want, found) {
    if (found.state === 'present') return undefined;
    const { environment, unless } = want;
    const asked = unless === undefined ? '' : `${question({ environment, unless })} || `;
    return {
      verb: 'run',
      reason: `${want.when} ${want.stage}`,
      command: want.run.trimEnd(),
      ...(unless !== undefined && { unless: unless.trimEnd() }),
      script: `${asked}(\n${hookShell(want)}\n) </dev/null`,
      effects: [],
      timeoutSeconds: want.timeoutSeconds,
    };
  },
};

/** The shell script of a hook: its environment, then its command; it exits at the first failure. */
export function hookShell({ environment, run }: Pick<HookResource, 'environment' | 'run'>): string {
  const exports = Object.entries(environment).map(([name, value]) => `export ${name}=${quote(value)}`);
  return ['set -e', ...exports, run.trimEnd()].join('\n');
}
