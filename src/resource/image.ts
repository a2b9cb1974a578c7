import { delivery, describeDelivery } from './artifact.ts';
import { hostFolder } from './prelude.ts';
import { sha256 } from '../model/digest.ts';
import { lines, quote, quoteAll } from '../model/shell.ts';
import type { ImageResource, Kind } from './types.ts';

interface Found {
  /** References of this resource that containerd does not have. */
  readonly missing: readonly string[];
  /** SHA-256 of the archive that they were loaded from, if kboot loaded them. */
  readonly digest: string | undefined;
  /** References that have another image than the one they are held to: `REF sha256:…`. */
  readonly other?: readonly string[];
  /** References from an archive that the kubelet may remove when the disk fills. */
  readonly unpinned?: readonly string[];
}

/** The label that keeps an image from the kubelet's garbage collection (containerd: internal/cri/labels/labels.go). */
const pin = 'io.cri-containerd.pinned';
const listPinned = `ctr -n k8s.io images list -q 'labels."${pin}"==pinned' 2>/dev/null`;

const stampName = (want: ImageResource): string => sha256(want.refs.join('\n')).slice(0, 16);

/**
 * Container images in containerd's k8s.io namespace, from an archive in the bundle or from their registry. Those from an
 * archive are pinned: where no registry can be reached, an image that the kubelet removed is gone.
 */
export const image: Kind<ImageResource, Found> = {
  name: (want) => want.refs.join(', '),
  // With digests, containerd reads the manifest of every image.
  query: (wants) => `${
    wants.some(({ digests }) => digests !== undefined)
      ? "ctr -n k8s.io images list 2>/dev/null | sed '1d;s/^/ref /'"
      : listNames(wants)
  }
for s in ${quoteAll(wants.map(stampName))}; do
  [ -f ${hostFolder}/images/$s ] && read -r d < ${hostFolder}/images/$s && echo "stamp $s $d"
done`,
  read(wants, output) {
    const refs = new Map<string, string>();
    const pinned = new Set<string>();
    const stamps = new Map<string, string>();
    for (const line of lines(output)) {
      const [word, first, second = '', third = '', ...rest] = line.trimEnd().split(/ +/);
      // REF TYPE DIGEST … LABELS
      if ((word === 'ref' || word === 'pinned') && first !== undefined) refs.set(first, third);
      if (first !== undefined && (word === 'pinned' || rest.at(-1)?.split(',').includes(`${pin}=pinned`)))
        pinned.add(first);
      if (word === 'stamp' && first !== undefined && second !== '') stamps.set(first, second);
    }
    return wants.map((want) => {
      const missing = want.refs.filter((ref) => !refs.has(ref));
      if (missing.length === want.refs.length) return { state: 'absent' };
      const other = want.refs.flatMap((ref) => {
        const digest = refs.get(ref);
        const held = want.digests?.[ref];
        return digest === undefined || held === undefined || held.includes(digest)
          ? []
          : [`${ref} ${digest}`];
      });
      const unpinned =
        want.artifact === null ? [] : want.refs.filter((ref) => refs.has(ref) && !pinned.has(ref));
      const found = {
        ...{ missing, digest: stamps.get(stampName(want)) },
        ...(other.length > 0 && { other }),
        ...(unpinned.length > 0 && { unpinned }),
      };
      return { state: 'present', found };
    });
  },
  action(want, found) {
    const other = found.state === 'present' ? (found.found.other ?? []) : [];
    const complete = found.state === 'present' && found.found.missing.length + other.length === 0;
    const stamp = `${hostFolder}/images/${stampName(want)}`;
    const verb = found.state === 'absent' ? 'create' : 'update';
    const why = other.length === 0 ? '' : `; has another image: ${other.join(', ')}`;
    if (want.artifact === null) {
      if (complete) return undefined;
      return {
        verb,
        reason: `pulled from its registry${want.digests === undefined ? '' : ' by digest'}${why}`,
        script: want.refs.map((ref) => pull(ref, want.digests?.[ref]?.[0])).join(' && '),
        effects: [],
        timeoutSeconds: 900,
      };
    }
    if (complete && found.found.digest === want.artifact.sha256) {
      const { unpinned = [] } = found.found;
      if (unpinned.length === 0) return undefined;
      return {
        verb: 'update',
        reason: 'the kubelet keeps it when the disk fills',
        script: pinOnly(want.refs),
        effects: [],
        timeoutSeconds: 60,
      };
    }
    const temporary = `${hostFolder}/tmp/image-${stampName(want)}.tar`;
    const { script, payload } = delivery(want.artifact, temporary);
    const checks = Object.entries(want.digests ?? {}).map(([ref, digests]) => ` && ${check(ref, digests)}`);
    return {
      verb,
      reason: `${describeDelivery(want.artifact)}${why}`,
      script: `${script} && ctr -n k8s.io images import ${quote(temporary)} && rm -f ${quote(temporary)}${checks.join('')} && ${pinOnly(want.refs)} && echo ${want.artifact.sha256} > ${stamp}`,
      ...(payload && { payload }),
      effects: [],
      timeoutSeconds: 900,
    };
  },
};

/** Prints `pinned REF`, and `ref REF` for all others if one that is wanted may be among them. */
function listNames(wants: readonly ImageResource[]): string {
  const names = "ctr -n k8s.io images list -q 2>/dev/null | sed 's/^/ref /'";
  if (wants.every(({ artifact }) => artifact === null)) return names;
  return `p=$(${listPinned})
[ -z "$p" ] || printf 'pinned %s\\n' $p
for r in ${quoteAll(wants.flatMap(({ refs }) => refs))}; do
  case "
$p
" in *"
$r
"*) ;; *) ${names}; break ;; esac
done`;
}

/** Pins these references, and no other version of theirs: the kubelet may remove those once no Pod uses them. */
function pinOnly(refs: readonly string[]): string {
  const others = refs.map((ref) => `${ref.slice(0, ref.lastIndexOf(':'))}:*`).join(' | ');
  return `{
${refs.map((ref) => `ctr -n k8s.io images label ${quote(ref)} ${pin}=pinned >/dev/null || exit 1`).join('\n')}
for i in $(${listPinned}); do
  case $i in ${refs.map((ref) => quote(ref)).join(' | ')}) ;; ${others}) ctr -n k8s.io images label "$i" ${pin}= >/dev/null ;; esac
done; }`;
}

/** Pulls a reference; one that is held to a digest is pulled by it, and tagged then. */
function pull(ref: string, digest: string | undefined): string {
  if (digest === undefined) return `crictl pull ${quote(ref)}`;
  const exact = quote(`${ref.slice(0, ref.lastIndexOf(':'))}@${digest}`);
  return `crictl pull ${exact} && ctr -n k8s.io images tag --force ${exact} ${quote(ref)}`;
}

/** Removes a reference again, and fails, unless it now has one of the digests: an archive can contain anything. */
function check(ref: string, digests: readonly string[]): string {
  const found = `ctr -n k8s.io images list ${quote(`name==${ref}`)} | grep -q ${digests.map((digest) => `-e ${digest}`).join(' ')}`;
  const refuse = `ctr -n k8s.io images rm ${quote(ref)} >/dev/null; echo ${quote(`${ref} in the archive is not the image that it should be`)} >&2; false`;
  return `{ ${found} || { ${refuse}; }; }`;
}
