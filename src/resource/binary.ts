import {
  delivery,
  describeArtifact,
  fetchAction,
  forgetFetched,
  queryFetched,
  readFetched,
} from './artifact.ts';
import { oddFile, queryFiles, readFiles } from './digests.ts';
import { besidePath } from './file.ts';
import { quote, quoteAll } from '../model/shell.ts';
import type { BinaryResource, Kind, Observation } from './types.ts';

interface Found {
  readonly mode: string;
  readonly digest: string;
  /** The file that will replace it is on the host. */
  readonly fetched?: true;
}

/** One large executable. */
export const binary: Kind<BinaryResource, Found> = {
  name: (want) => want.path,
  query: (wants, asking) =>
    `${queryFiles(
      wants.map((want) => want.path),
      asking,
    )}
${queryFetched}`,
  read(wants, output) {
    const fetched = readFetched(output);
    const seen = readFiles(output);
    return wants.map((want) => {
      const found = seen.get(want.path);
      if (found === undefined) return { state: 'absent' };
      if (found.mode === 'odd') return { state: 'unknown', reason: oddFile(want.path) };
      const isFetched = fetched.has(want.artifact.sha256);
      return {
        state: 'present',
        found: { mode: found.mode, digest: found.digest, ...(isFetched && { fetched: true }) },
      };
    });
  },
  fetch: (want, found) =>
    isInstalled(want, found) || (found.state === 'present' && found.found.fetched === true)
      ? undefined
      : fetchAction(want.artifact),
  action(want, found, { ahead = false }) {
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
        `kb_large ${quote(want.path)}`,
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
