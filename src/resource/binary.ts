import { delivery, describeArtifact } from './artifact.ts';
import { besidePath } from './file.ts';
import { hostFolder, statFormat } from './prelude.ts';
import { lines, quote, quoteAll } from './shell.ts';
import type { BinaryResource, Kind } from './types.ts';

interface Found {
  readonly mode: string;
  readonly digest: string;
}

/** One large executable. Its digest is read anew only when inode, size or times differ from the noted ones. */
export const binary: Kind<BinaryResource, Found> = {
  name: (want) => want.path,
  query: (wants) => `for f in ${quoteAll(wants.map((want) => want.path))}; do
  [ -f "$f" ] || continue
  s=$(stat -L -c '${statFormat}' -- "$f")
  d=$(grep -F -e "|$f|$s|" ${hostFolder}/sums 2>/dev/null | tail -n 1); d=\${d##*|}
  [ -n "$d" ] || { d=$(sha256sum < "$f"); d=\${d%% *}; }
  echo "$(stat -L -c %a -- "$f") $d $f"
done`,
  read(wants, output) {
    const seen = new Map<string, Found>();
    for (const line of lines(output)) {
      const match = /^(\d+) ([0-9a-f]{64}) (.*)$/.exec(line);
      if (match?.[1] !== undefined && match[2] !== undefined && match[3] !== undefined)
        seen.set(match[3], { mode: match[1], digest: match[2] });
    }
    return wants.map((want) => {
      const found = seen.get(want.path);
      return found === undefined ? { state: 'absent' } : { state: 'present', found };
    });
  },
  action(want, found) {
    const digest = want.artifact.sha256;
    if (found.state === 'present' && found.found.digest === digest && found.found.mode === '755')
      return undefined;
    const temporary = besidePath(want.path);
    const { script, payload } = delivery(want.artifact, temporary);
    return {
      verb: found.state === 'absent' ? 'create' : 'update',
      reason: describeArtifact(want.artifact),
      script: [
        `kb_mkdir ${quote(want.path.slice(0, want.path.lastIndexOf('/')))} 755 keep`,
        script,
        `kb_disturb ${quoteAll(want.readBy ?? [])}`,
        `kb_install ${quote(temporary)} ${quote(want.path)} 755`,
        `kb_sum ${quote(want.path)} ${digest}`,
      ].join(' && '),
      ...(payload && { payload }),
      disturbs: want.readBy ?? [],
      timeoutSeconds: 900,
    };
  },
};
