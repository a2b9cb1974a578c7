import { ifOwned, readOwned } from './owned.ts';
import { hostFolder } from './prelude.ts';
import { lines, quoteAll } from '../model/shell.ts';
import type { Observation } from './types.ts';

/** A unit of systemd, and the files of kboot's that it reads. */
export interface UnitState {
  readonly enabled: boolean;
  readonly active: boolean;
  /** Whether it has read its files since they last changed. */
  readonly current: boolean;
  /** What kboot wrote of its files. */
  readonly files: readonly string[];
}

const systemFolder = '/etc/systemd/system';

/** The word before the state of a unit. */
type Word = 'unit' | 'timer';

/**
 * Shell: `$e` becomes what `systemctl is-enabled` says of a unit, `$u` in it. A link to it in the folder of a target in /etc is what
 * enables it: where there is one, systemd need not read all its folders.
 */
export const findEnabled = (unit: string): string => `e=
  for w in ${systemFolder}/*.wants/${unit} ${systemFolder}/*.requires/${unit}; do [ ! -L "$w" ] || e=enabled; done
  if [ -z "$e" ] || [ ${systemFolder}/${unit} -ef /dev/null ]; then e=$(systemctl is-enabled ${unit} 2>/dev/null); fi`;

/** Shell: `NAME WORD ENABLED ACTIVE current|older`. `active` is shell that prints the unit's ActiveState. */
export function unitLine(name: string, word: Word, unit: string, active: string): string {
  return `${findEnabled(unit)}
  c=older; [ ! -e ${hostFolder}/running/${name} ] || c=current
  echo "${name} ${word} $e ${active} $c"`;
}

/** Shell: `NAME file PATH` for each of the files that kboot wrote. */
export function fileLines(name: string, files: readonly string[]): string {
  return `set --
for f in ${quoteAll(files)}; do [ ! -e "$f" ] || set -- "$@" "$f"; done
${readOwned}
for f; do ${ifOwned(`echo "${name} file $f"`)}; done`;
}

/** What the lines of each unit say, by name: absent without a unit and without files. */
export function readUnitStates(
  names: readonly string[],
  word: Word,
  output: string,
): Observation<UnitState>[] {
  const seen = lines(output).map((line) => line.split(' '));
  return names.map((name) => {
    const own = seen.filter(([first]) => first === name);
    const files = own.flatMap(([, what, file]) => (what === 'file' && file !== undefined ? [file] : []));
    const [, , enabled, active, current] = own.find(([, what]) => what === word) ?? [];
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
}
