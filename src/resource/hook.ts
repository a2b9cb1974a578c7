import { lines, quote } from './shell.ts';
import type { HookResource, Kind } from './types.ts';

/** Seconds that a question may take, so that no plan hangs on it. */
const patience = 30;

/**
 * A command of the operator's own. Its `unless` makes it a state like any other; one without is never met by itself:
 * diff-host.ts leaves it out where its stage has nothing else to do.
 */
export const hook: Kind<HookResource, true> = {
  name: (want) => want.name,
  query: (wants) =>
    wants
      .map(({ name, unless, environment }) => {
        if (unless === undefined) return ':';
        const question = hookShell({ environment, run: unless });
        return `if timeout ${patience} sh -c ${quote(question)} >/dev/null 2>&1; then echo ${quote(name)}; fi`;
      })
      .join('\n'),
  read(wants, output) {
    const met = new Set(lines(output));
    return wants.map(({ name }) => (met.has(name) ? { state: 'present', found: true } : { state: 'absent' }));
  },
  action(want, found) {
    if (found.state === 'present') return undefined;
    return {
      verb: 'run',
      reason: `${want.when} ${want.stage}`,
      command: want.run.trimEnd(),
      script: `(\n${hookShell(want)}\n) </dev/null`,
      effects: [],
      timeoutSeconds: want.timeoutSeconds,
    };
  },
};

/** What a shell is given to run a hook: its environment, then its words; the first that fails ends it. */
export function hookShell({ environment, run }: Pick<HookResource, 'environment' | 'run'>): string {
  const exports = Object.entries(environment).map(([name, value]) => `export ${name}=${quote(value)}`);
  return ['set -e', ...exports, run.trimEnd()].join('\n');
}
