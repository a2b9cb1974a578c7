import { ifOwned, readOwned } from './owned.ts';
import { lines, quote, quoteAll } from '../model/shell.ts';
import type { Kind, ObsoleteResource } from './types.ts';

interface Found {
  /** Files of kboot that match. */
  readonly files: readonly string[];
}

/** Files that kboot wrote for a field that the inventory no longer has. */
export const obsolete: Kind<ObsoleteResource, Found> = {
  name: (want) => want.name,
  query: (wants) =>
    [
      `set --
for f in ${wants.flatMap(({ patterns }) => patterns).join(' ')}; do [ ! -f "$f" ] || set -- "$f"; done
${readOwned}`,
      ...wants.map(({ name, patterns, marked }) => {
        const isMarked = `case $f in *.toml) l=; read -r l < "$f"; case $l in *'Written by kboot'*) ;; *) continue ;; esac ;; esac; `;
        return `for f in ${patterns.join(' ')}; do
  [ ! -f "$f" ] || ${ifOwned(`${marked === true ? isMarked : ''}echo "${name} $f"`)}
done`;
      }),
    ].join('\n'),
  read(wants, output) {
    const seen = lines(output);
    return wants.map(({ name }) => {
      const files = seen.flatMap((line) =>
        line.startsWith(`${name} `) ? [line.slice(name.length + 1)] : [],
      );
      return files.length === 0 ? { state: 'absent' } : { state: 'present', found: { files } };
    });
  },
  action(want, found) {
    if (found.state === 'absent') return undefined;
    // What is kept may depend on the host, and is decided once its facts are known.
    const files = found.found.files.filter((file) => !want.keep.includes(file));
    if (files.length === 0) return undefined;
    const readBy = want.readBy ?? [];
    const remove = files.map(
      (file) => `kb_disown ${quote(file)} && { rmdir -- "$(dirname ${quote(file)})" 2>/dev/null; :; }`,
    );
    return {
      verb: 'delete',
      reason: `${files.join(', ')}: no longer in the inventory`,
      script: [...(readBy.length === 0 ? [] : [`kb_disturb ${quoteAll(readBy)}`]), ...remove].join(' && '),
      disturbs: readBy,
      effects: [],
      timeoutSeconds: 30,
    };
  },
};
