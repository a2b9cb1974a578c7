import { hostFolder } from './prelude.ts';
import { lines, quote, quoteAll, setLineBreak } from '../model/shell.ts';
import type { Kind, UnitResource } from './types.ts';
import { findEnabled } from './unit-state.ts';

interface Found {
  readonly enabled: boolean;
  readonly active: boolean;
  /** Whether it was started after the last change of a file that it reads. */
  readonly current: boolean;
}

/** A systemd service that is enabled, active, and runs with the current files. */
export const unit: Kind<UnitResource, Found> = {
  name: (want) => want.name,
  query: (wants) =>
    `${setLineBreak}
o=$(systemctl show -p LoadState -p ActiveState ${quoteAll(wants.map((want) => `${want.name}.service`))} 2>/dev/null)$n$n
for u in ${quoteAll(wants.map((want) => want.name))}; do
  b=$n\${o%%"$n$n"*}$n; o=\${o#*"$n$n"}
  case $b in *"$n"LoadState=loaded"$n"*) ;; *) continue ;; esac
  a=\${b#*"$n"ActiveState=}; a=\${a%%"$n"*}
  c=older; [ ! -e ${hostFolder}/running/$u ] || c=current
  ${findEnabled('$u.service')}
  echo "unit $u $a $c $e"
done`,
  read(wants, output) {
    const seen = new Map<string, Found>();
    for (const line of lines(output)) {
      const [word, name = '', active, current, enabled] = line.split(' ');
      if (word !== 'unit') continue;
      seen.set(name, {
        enabled: enabled === 'enabled',
        active: active === 'active',
        current: current === 'current',
      });
    }
    return wants.map((want) => {
      const found = seen.get(want.name);
      return found === undefined ? { state: 'absent' } : { state: 'present', found };
    });
  },
  action(want, found, changes) {
    const service = quote(`${want.name}.service`);
    const mark = `${hostFolder}/running/${want.name}`;
    const disturbed = changes.disturbed.has(want.name);
    if (found.state === 'present') {
      const { enabled, active, current } = found.found;
      if (enabled && active && current && !disturbed) return undefined;
      if (active && current && !disturbed)
        return {
          verb: 'update',
          reason: 'enabled at boot',
          effects: [],
          script: `kb_unit ${quote(want.name)}; systemctl enable ${service}`,
          timeoutSeconds: 60,
        };
    }
    const running = found.state === 'present' && found.found.active;
    const verb = want.reloads === true ? 'reload-or-restart' : 'restart';
    const effect = !running ? 'start' : want.reloads === true ? 'reload' : 'restart';
    return {
      verb: !running ? 'create' : want.reloads === true ? 'update' : 'restart',
      effects: [{ component: want.name, kind: effect }],
      reason: !running
        ? 'enabled at boot, started'
        : want.reloads === true
          ? 'reads its changed files again'
          : 'a file that it reads changes',
      // Since the mark is missing until then, a crash between restart and mark only costs one more restart.
      script: `kb_unit ${quote(want.name)}; systemctl daemon-reload && systemctl enable ${service} && systemctl ${verb} ${service} && : > ${mark} ||
{ rc=$?; journalctl -u ${service} -n 15 --no-pager -o cat 2>/dev/null; exit $rc; }`,
      timeoutSeconds: 180,
    };
  },
};
