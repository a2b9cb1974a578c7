import { delivery, describeDelivery } from './artifact.ts';
import { hostFolder } from './prelude.ts';
import { sha256 } from '../model/digest.ts';
import { lines, quote, quoteAll } from './shell.ts';
import type { ImageResource, Kind } from './types.ts';

interface Found {
  /** References of this resource that containerd does not have. */
  readonly missing: readonly string[];
  /** SHA-256 of the archive that they were loaded from, if kboot loaded them. */
  readonly digest: string | undefined;
}

const stampName = (want: ImageResource): string => sha256(want.refs.join('\n')).slice(0, 16);

/** Container images in containerd's k8s.io namespace, from an archive in the bundle or from their registry. */
export const image: Kind<ImageResource, Found> = {
  name: (want) => want.refs.join(', '),
  query: (wants) => `ctr -n k8s.io images list -q 2>/dev/null | sed 's/^/ref /'
for s in ${quoteAll(wants.map(stampName))}; do
  [ -f ${hostFolder}/images/$s ] && echo "stamp $s $(cat ${hostFolder}/images/$s)"
done`,
  read(wants, output) {
    const refs = new Set<string>();
    const stamps = new Map<string, string>();
    for (const line of lines(output)) {
      const [word, first, second] = line.split(' ');
      if (word === 'ref' && first !== undefined) refs.add(first);
      if (word === 'stamp' && first !== undefined && second !== undefined) stamps.set(first, second);
    }
    return wants.map((want) => {
      const missing = want.refs.filter((ref) => !refs.has(ref));
      if (missing.length === want.refs.length) return { state: 'absent' };
      return { state: 'present', found: { missing, digest: stamps.get(stampName(want)) } };
    });
  },
  action(want, found) {
    const complete = found.state === 'present' && found.found.missing.length === 0;
    const stamp = `${hostFolder}/images/${stampName(want)}`;
    const verb = found.state === 'absent' ? 'create' : 'update';
    if (want.artifact === null) {
      if (complete) return undefined;
      return {
        verb,
        reason: 'pulled from its registry',
        script: want.refs.map((ref) => `crictl pull ${quote(ref)}`).join(' && '),
        effects: [],
        timeoutSeconds: 900,
      };
    }
    if (complete && found.found.digest === want.artifact.sha256) return undefined;
    const temporary = `${hostFolder}/tmp/image-${stampName(want)}.tar`;
    const { script, payload } = delivery(want.artifact, temporary);
    return {
      verb,
      reason: describeDelivery(want.artifact),
      script: `${script} && ctr -n k8s.io images import ${quote(temporary)} && rm -f ${quote(temporary)} && echo ${want.artifact.sha256} > ${stamp}`,
      ...(payload && { payload }),
      effects: [],
      timeoutSeconds: 900,
    };
  },
};
