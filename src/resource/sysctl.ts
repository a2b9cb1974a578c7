import { hostFolder } from './prelude.ts';
import { lines, quote, quoteAll } from '../model/shell.ts';
import type { Kind, SysctlResource } from './types.ts';

const path = (key: string): string => `/proc/sys/${key.replaceAll('.', '/')}`;

/** The current value of a kernel setting; a file in /etc/sysctl.d keeps it across reboots. */
export const sysctl: Kind<SysctlResource, string> = {
  name: (want) => want.key,
  // The kernel gives such a file in one read only, so that the shell cannot read it by itself. `PATH:VALUE`
  query: (wants) => `grep -sH '' ${quoteAll(wants.map((want) => path(want.key)))}`,
  read(wants, output) {
    const values = new Map(
      lines(output).map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1)]),
    );
    return wants.map((want) => {
      const value = values.get(path(want.key));
      return value === undefined ? { state: 'absent' } : { state: 'present', found: value };
    });
  },
  action(want, found) {
    if (found.state === 'present' && satisfied(want, found.found)) return undefined;
    const was = found.state === 'present' ? `was ${found.found}` : 'appears with its kernel module';
    const before = `${hostFolder}/sysctl/${want.key}`;
    return {
      verb: 'update',
      reason: `${want.value} (${was})`,
      script: `{ [ -e ${quote(before)} ] || cat ${path(want.key)} > ${quote(before)}; } && echo ${quote(want.value)} > ${path(want.key)}`,
      effects: [],
      timeoutSeconds: 30,
    };
  },
  fact: (want, value) =>
    want.compare === 'at-least' && satisfied(want, value) ? `at least ${want.value}` : value,
};

function satisfied(want: SysctlResource, value: string): boolean {
  return want.compare === 'equal' ? value === want.value : Number(value) >= Number(want.value);
}
