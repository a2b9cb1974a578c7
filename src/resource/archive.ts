import {
  delivery,
  describeArtifact,
  fetchAction,
  forgetFetched,
  queryFetched,
  readFetched,
} from './artifact.ts';
import { hostFolder } from './prelude.ts';
import { digestStat } from './remember-functions.ts';
import { quote, quoteAll } from '../model/shell.ts';
import type { ArchiveResource, Kind, Observation } from './types.ts';
import { archivesFolder, queryUnpacked, readUnpacked, type Unpacked } from './unpacked.ts';

interface Found extends Unpacked {
  /** The archive that will replace it is on the host. */
  readonly fetched?: true;
}

/** A tar.gz unpacked into a folder. A stamp on the host lists its files, so that later changes are detected. */
export const archive: Kind<ArchiveResource, Found> = {
  name: (want) => want.name,
  query: (wants, asking) => `${queryUnpacked(
    wants.map((want) => want.name),
    asking,
  )}
${queryFetched}`,
  read(wants, output) {
    const fetched = readFetched(output);
    const seen = readUnpacked(output);
    return wants.map((want) => {
      const found = seen.get(want.name);
      if (found === undefined) return { state: 'absent' };
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
    const temporary = `${hostFolder}/tmp/${want.name}`;
    const stamp = `${archivesFolder}/${want.name}`;
    const { script, payload } = delivery(want.artifact, temporary, ahead);
    const why =
      found.state === 'present' && found.found.digest === digest ? altered(found.found.altered) : '';
    return {
      verb: found.state === 'absent' ? 'create' : 'update',
      reason: `${why}${describeArtifact(want.artifact)}, unpacked into ${want.destination}`,
      script: `${unpackScript({
        script,
        temporary,
        stamp,
        digest,
        destination: want.destination,
        readBy: want.readBy ?? [],
        members: want.members ?? [],
      })}${ahead ? `\n${forgetFetched(want.artifact)}` : ''}`,
      ...(payload && { payload }),
      disturbs: want.readBy ?? [],
      effects: [],
      timeoutSeconds: 900,
    };
  },
};

function isInstalled({ artifact }: ArchiveResource, seen: Observation<Found>): boolean {
  return seen.state === 'present' && seen.found.digest === artifact.sha256 && seen.found.altered.length === 0;
}

function altered(paths: readonly string[]): string {
  return `${paths.join(', ')} changed on the host; `;
}

/**
 * Unpacks beside the destination and renames file by file, so that a running program is replaced and never
 * overwritten. The stamp is written last.
 */
function unpackScript(a: {
  script: string;
  temporary: string;
  stamp: string;
  digest: string;
  destination: string;
  readBy: readonly string[];
  members: readonly string[];
}): string {
  const side = `${a.destination}/.kboot~unpack`;
  const patterns = a.members.map((name) => `*/${name}`);
  const selection = patterns.length === 0 ? '' : ` --strip-components=1 --wildcards ${quoteAll(patterns)}`;
  return `set -e
kb_mkdir ${quote(a.destination)} 755 keep
{ ${a.script}; } || exit
rm -rf ${quote(side)} && mkdir ${quote(side)}
tar -xzf ${quote(a.temporary)} --no-same-owner -C ${quote(side)}${selection}
kb_disturb ${quoteAll(a.readBy)}
rm -f ${quote(a.stamp)}
echo ${a.digest} > ${quote(`${a.temporary}.stamp`)}
cd ${quote(side)}
find . -mindepth 1 ! -type d | LC_ALL=C sort | while IFS= read -r f; do
  f=\${f#./}; t=${quote(a.destination)}/$f
  kb_mkdir "$(dirname "$t")" 755 keep; kb_own "$t"; mv -f -T -- "$f" "$t"
  echo "$(stat -c '${digestStat}' -- "$t")|$t" >> ${quote(`${a.temporary}.stamp`)}
done
cd /
sync -f ${quote(a.destination)}
rm -rf ${quote(side)} ${quote(a.temporary)}
mv -f ${quote(`${a.temporary}.stamp`)} ${quote(a.stamp)}`;
}
