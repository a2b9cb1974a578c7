import { hostFolder } from './prelude.ts';
import { lines, quote, quoteAll } from './shell.ts';
import type { Kind, TimerResource } from './types.ts';

interface Found {
  readonly enabled: boolean;
  readonly active: boolean;
  /** Whether systemd has read its files since they last changed. */
  readonly current: boolean;
  /** What kboot wrote of its files. */
  readonly files: readonly string[];
}

/** A systemd timer of kboot's own: enabled and waiting, with its current files; or gone, with all its files. */
export const timer: Kind<TimerResource, Found> = {
  name: (want) => want.name,
  query: (wants) =>
    wants
      .map(
        ({
          name,
          files,
        }) => `if [ "$(systemctl show -p LoadState --value ${name}.timer 2>/dev/null)" = loaded ]; then
  echo "${name} timer $(systemctl is-enabled ${name}.timer 2>/dev/null) $(systemctl is-active ${name}.timer) $([ -e ${hostFolder}/running/${name} ] && echo current || echo older)"
fi
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
      const [, , enabled, active, current] = own.find(([, what]) => what === 'timer') ?? [];
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
  action(want, found, changes) {
    return want.wanted ? start(want, found, changes.disturbed.has(want.name)) : remove(want, found);
  },
};

type Seen = Parameters<typeof timer.action>[1];
type Action = ReturnType<typeof timer.action>;

function start({ name }: TimerResource, seen: Seen, disturbed: boolean): Action {
  const found = seen.state === 'present' ? seen.found : undefined;
  const runs = found?.active === true;
  if (runs && found.enabled && found.current && !disturbed) return undefined;
  const unit = quote(`${name}.timer`);
  return {
    verb: runs ? 'update' : 'create',
    reason: !runs ? 'enabled at boot, started' : 'enabled at boot, with its current files',
    effects: [],
    script: `systemctl daemon-reload && systemctl enable ${unit} && systemctl restart ${unit} && : > ${hostFolder}/running/${name}`,
    timeoutSeconds: 60,
  };
}

/** A run that is under way stops, and removes what it has written so far. */
function remove({ name }: TimerResource, seen: Seen): Action {
  if (seen.state === 'absent' || seen.found.files.length === 0) return undefined;
  const { files } = seen.found;
  return {
    verb: 'delete',
    reason: `stopped and disabled; ${files.join(', ')}: no longer in the inventory; snapshots stay`,
    effects: [],
    script: [
      `kb_disturb ${quote(name)}`,
      `{ systemctl disable --now ${quote(`${name}.timer`)}; systemctl stop ${quote(`${name}.service`)}; :; }`,
      ...files.map((file) => `kb_disown ${quote(file)}`),
      `systemctl daemon-reload`,
      `{ systemctl reset-failed ${quote(`${name}.*`)} 2>/dev/null; :; }`,
    ].join(' && '),
    timeoutSeconds: 60,
  };
}
