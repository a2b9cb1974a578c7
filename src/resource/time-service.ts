import { hostFolder } from './prelude.ts';
import { lines, quote, quoteAll } from './shell.ts';
import type { Kind, TimeServiceResource } from './types.ts';

interface Found {
  readonly enabled: boolean;
  /** It runs, or a condition in its own unit keeps it from running: systemd-timesyncd does not start in containers. */
  readonly active: boolean;
  /** Whether it was started after the last change of a file that it reads. */
  readonly current: boolean;
  /** What kboot wrote of its files. */
  readonly files: readonly string[];
}

/** The distribution's service that keeps the time, with the files of spec.ntp; or without them. */
export const timeService: Kind<TimeServiceResource, Found> = {
  name: (want) => want.name,
  query: (wants) =>
    wants
      .map(
        ({
          name,
          files,
        }) => `systemctl show -p LoadState -p ActiveState -p ConditionResult -p ConditionTimestampMonotonic ${name}.service 2>/dev/null | {
  while IFS== read -r k v; do case $k in LoadState) l=$v ;; ActiveState) a=$v ;; ConditionResult) c=$v ;; ConditionTimestampMonotonic) t=$v ;; esac; done
  if [ "$l" = loaded ]; then
    [ "$c" != no ] || [ "\${t:-0}" = 0 ] || a=active
    echo "${name} unit $(systemctl is-enabled ${name}.service 2>/dev/null) $a $([ -e ${hostFolder}/running/${name} ] && echo current || echo older)"
  fi
}
for f in ${quoteAll(files)}; do
  if [ -e "$f" ] && grep -qxF -e "$f" ${hostFolder}/owned 2>/dev/null; then echo "${name} file $f"; fi
done`,
      )
      .join('\n'),
  read(wants, output) {
    const seen = lines(output).map((line) => line.split(' '));
    return wants.map(({ name }) => {
      const own = seen.filter(([first]) => first === name);
      const files = own.flatMap(([, what, file]) => (what === 'file' && file !== undefined ? [file] : []));
      const [, , enabled, active, current] = own.find(([, what]) => what === 'unit') ?? [];
      if (enabled === undefined && files.length === 0) return { state: 'absent' };
      return {
        state: 'present',
        found: {
          enabled: enabled === 'enabled',
          active: active === 'active',
          current: current === 'current',
          files,
        },
      };
    });
  },
  action(want, seen, changes) {
    const found = seen.state === 'present' ? seen.found : undefined;
    const service = quote(`${want.name}.service`);
    const base = { effects: [], timeoutSeconds: 60 } as const;
    if (!want.wanted) {
      if (found === undefined || found.files.length === 0) return undefined;
      return {
        ...base,
        verb: 'delete',
        reason: `${found.files.join(', ')}: no longer in the inventory; ${want.name} restarts`,
        script: [
          `kb_disturb ${quote(want.name)}`,
          ...found.files.map((file) => `kb_disown ${quote(file)}`),
          'systemctl daemon-reload',
          `systemctl try-restart ${service}`,
        ].join(' && '),
      };
    }
    const disturbed = changes.disturbed.has(want.name);
    if (found?.enabled === true && found.active && found.current && !disturbed) return undefined;
    const runs = found?.active === true;
    return {
      ...base,
      verb: runs ? 'restart' : 'create',
      reason: runs ? 'asks the servers of spec.ntp' : 'enabled at boot, started',
      script: `kb_unit ${quote(want.name)}; systemctl daemon-reload && systemctl enable -q ${service} && systemctl restart ${service} && : > ${hostFolder}/running/${want.name} ||
{ rc=$?; journalctl -u ${service} -n 15 --no-pager -o cat 2>/dev/null; exit $rc; }`,
    };
  },
};
