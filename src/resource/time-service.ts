import { hostFolder } from './prelude.ts';
import { quote } from '../model/shell.ts';
import type { Kind, TimeServiceResource } from './types.ts';
import { fileLines, readUnitStates, unitLine, type UnitState } from './unit-state.ts';

/** The distribution's service that keeps the time, with the files of spec.ntp; or without them. */
export const timeService: Kind<TimeServiceResource, UnitState> = {
  name: (want) => want.name,
  // A condition in the own unit of systemd-timesyncd keeps it from running in containers: that counts as active.
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
    ${unitLine(name, 'unit', `${name}.service`, '$a')}
  fi
}
${fileLines(name, files)}`,
      )
      .join('\n'),
  read: (wants, output) =>
    readUnitStates(
      wants.map(({ name }) => name),
      'unit',
      output,
    ),
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
