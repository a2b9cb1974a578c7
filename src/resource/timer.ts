import { hostFolder } from './prelude.ts';
import { quote } from '../model/shell.ts';
import type { Kind, TimerResource } from './types.ts';
import { fileLines, readUnitStates, unitLine, type UnitState } from './unit-state.ts';

/** A systemd timer of kboot's own: enabled and waiting, with its current files; or gone, with all its files. */
export const timer: Kind<TimerResource, UnitState> = {
  name: (want) => want.name,
  query: (wants) =>
    wants
      .map(
        ({ name, files }) =>
          // systemd knows one that has a file, or once had one.
          `if { [ -e /etc/systemd/system/${name}.timer ] || [ -e ${hostFolder}/running/${name} ]; } &&
  [ "$(systemctl show -p LoadState --value ${name}.timer 2>/dev/null)" = loaded ]; then
  ${unitLine(name, 'timer', `${name}.timer`, `$(systemctl is-active ${name}.timer)`)}
fi
${fileLines(name, files)}`,
      )
      .join('\n'),
  read: (wants, output) =>
    readUnitStates(
      wants.map(({ name }) => name),
      'timer',
      output,
    ),
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
