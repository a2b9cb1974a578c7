import { hostFolder } from './prelude.ts';
import { lines } from '../model/shell.ts';
import type { Kind, SELinuxResource } from './types.ts';

const config = '/etc/selinux/config';

interface Found {
  /** Whether SELinux is enforcing: now, and after the next boot. */
  readonly now: boolean;
  readonly boot: boolean;
}

/**
 * SELinux in permissive mode, now and after every boot; if it is disabled, it stays disabled. Always present as a
 * resource; the finding says where it is enforcing.
 */
export const selinux: Kind<SELinuxResource, Found> = {
  name: () => 'selinux',
  query: () => `now=$(getenforce 2>/dev/null || echo Disabled)
echo "now $now"
[ "$now" = Disabled ] || sed -n 's/^SELINUX=/boot /p' ${config} 2>/dev/null
echo read`,
  read(wants, output) {
    const all = lines(output);
    if (all.at(-1) !== 'read')
      return wants.map(() => ({ state: 'unknown', reason: 'the state of SELinux could not be read' }));
    const found = { now: all.includes('now Enforcing'), boot: all.includes('boot enforcing') };
    return wants.map(() => ({ state: 'present', found }));
  },
  action(_want, observation) {
    if (observation.state === 'absent') return undefined;
    const { now, boot } = observation.found;
    if (!now && !boot) return undefined;
    return {
      verb: 'update',
      reason: now && boot ? 'permissive, now and at boot' : now ? 'permissive now' : 'permissive at boot',
      script,
      ...(boot && {
        diff: [`--- ${config}`, `+++ ${config}`, '-SELINUX=enforcing', '+SELINUX=permissive'].join('\n'),
      }),
      effects: [],
      timeoutSeconds: 60,
    };
  },
};

const rewrite = (from: string, to: string): string =>
  `kb_edit ${config} 's/^SELINUX=${from}$/SELINUX=${to}/' || exit`;

/** Records in `selinux` where it was enforcing, then makes it permissive. */
const script = `[ "$(getenforce)" != Enforcing ] || grep -qx now ${hostFolder}/selinux 2>/dev/null || echo now >> ${hostFolder}/selinux
if grep -qx 'SELINUX=enforcing' ${config}; then
  grep -qx boot ${hostFolder}/selinux 2>/dev/null || echo boot >> ${hostFolder}/selinux
  ${rewrite('enforcing', 'permissive')}
fi
[ "$(getenforce)" != Enforcing ] || setenforce 0`;

/** Shell that restores the recorded state; for reset. */
export const restoreSELinux = `if grep -qx boot ${hostFolder}/selinux; then ${rewrite('permissive', 'enforcing')}; fi
! grep -qx now ${hostFolder}/selinux || setenforce 1`;
