import {
  delivery,
  describeArtifact,
  fetchAction,
  forgetFetched,
  queryFetched,
  readFetched,
} from './artifact.ts';
import { besidePath, oddFile } from './file.ts';
import { hostFolder, statFormat } from './prelude.ts';
import { lines, quote, quoteAll } from './shell.ts';
import type { BinaryResource, Kind, Observation } from './types.ts';

interface Found {
  readonly mode: string;
  readonly digest: string;
  /** The file that will replace it is on the host. */
  readonly fetched?: true;
}

/** One large executable. Its digest is computed again only if inode, size or times differ from the recorded ones. */
export const binary: Kind<BinaryResource, Found> = {
  name: (want) => want.path,
  query: (wants) => `for f in ${quoteAll(wants.map((want) => want.path))}; do
  [ -f "$f" ] || { [ ! -e "$f" ] || echo "odd - $f"; continue; }
  s=$(stat -L -c '${statFormat}' -- "$f")
  d=$(grep -F -e "|$f|$s|" ${hostFolder}/sums 2>/dev/null | tail -n 1); d=\${d##*|}
  [ -n "$d" ] || { d=$(sha256sum < "$f"); d=\${d%% *}; }
  echo "$(stat -L -c %a -- "$f") $d $f"
done
${queryFetched}`,
  read(wants, output) {
    const fetched = readFetched(output);
    const seen = new Map<string, Found>();
    for (const line of lines(output)) {
      const [, mode = '', digest = '', path] = /^(\d*|odd) ([0-9a-f]*|-) (.*)$/.exec(line) ?? [];
      if (path !== undefined) seen.set(path, { mode, digest });
    }
    return wants.map((want) => {
      const found = seen.get(want.path);
      if (found === undefined) return { state: 'absent' };
      if (found.digest.length !== 64) return { state: 'unknown', reason: oddFile(want.path) };
      const isFetched = fetched.has(want.artifact.sha256);
      return { state: 'present', found: { ...found, ...(isFetched && { fetched: true }) } };
    });
  },
  fetch: (want, found) =>
    isInstalled(want, found) || (found.state === 'present' && found.found.fetched === true)
      ? undefined
      : fetchAction(want.artifact),
  action(want, found, { ahead = false }) {
    const digest = want.artifact.sha256;
    if (isInstalled(want, found)) return undefined;
    const temporary = besidePath(want.path);
    const { script, payload } = delivery(want.artifact, temporary, ahead);
    return {
      verb: found.state === 'absent' ? 'create' : 'update',
      reason: describeArtifact(want.artifact),
      script: [
        `kb_mkdir ${quote(want.path.slice(0, want.path.lastIndexOf('/')))} 755 keep`,
        script,
        `kb_disturb ${quoteAll(want.readBy ?? [])}`,
        `kb_install ${quote(temporary)} ${quote(want.path)} 755`,
        `kb_sum ${quote(want.path)} ${digest}`,
        ...(ahead ? [forgetFetched(want.artifact)] : []),
      ].join(' && '),
      ...(payload && { payload }),
      disturbs: want.readBy ?? [],
      effects: [],
      timeoutSeconds: 900,
    };
  },
};

function isInstalled({ artifact }: BinaryResource, seen: Observation<Found>): boolean {
  return seen.state === 'present' && seen.found.digest === artifact.sha256 && seen.found.mode === '755';
}
