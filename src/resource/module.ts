import { lines, quote, quoteAll } from '../model/shell.ts';
import type { Kind, ModuleResource } from './types.ts';

/** A kernel feature, built in or loaded: present if its path exists; otherwise `modprobe` loads it. */
export const moduleKind: Kind<ModuleResource, true> = {
  name: (want) => want.name,
  query: (wants) =>
    `for f in ${quoteAll(wants.map((want) => `${want.name}=${want.feature}`))}; do
  n=\${f%%=*}
  if [ -e "\${f#*=}" ] || [ -e "/sys/module/$n" ] || grep -qw -e "$n" /proc/filesystems ||
     grep -q -e "/$n\\.ko" "/lib/modules/$(uname -r)/modules.builtin" 2>/dev/null; then echo "$n"; fi
done`,
  read(wants, output) {
    const present = new Set(lines(output));
    return wants.map((want) =>
      present.has(want.name) ? { state: 'present', found: true } : { state: 'absent' },
    );
  },
  action(want, found) {
    if (found.state === 'present') return undefined;
    return {
      verb: 'create',
      reason: 'loads the kernel module',
      script: `modprobe -- ${quote(want.name)}`,
      effects: [],
      timeoutSeconds: 30,
    };
  },
};
