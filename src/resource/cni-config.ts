import { hostFolder } from './prelude.ts';
import { lines, quote, quoteAll } from '../model/shell.ts';
import type { CniConfigResource, Kind } from './types.ts';

export const cniFolder = '/etc/cni/net.d';

/** What flannel's Pod writes there. */
const flannelFile = '10-flannel.conflist';

interface Found {
  /** Names of the files that are not the inventory's, in the order in which containerd reads them. */
  readonly files: readonly string[];
  /** Those that hand their Pods on to flannel's network, such as Multus. */
  readonly wrappers: readonly string[];
  /** The kubelet was set up here, or runs, and flannel's configuration is there. */
  readonly live: boolean;
}

/**
 * No network configuration of another tool in containerd's folder. containerd uses the first valid file in byte
 * order (containerd/go-cni, opts.go, loadFromConfDir): before flannel's is there, any other makes the Node Ready and
 * gives Pods addresses of its network; later only one that sorts before it. On a node that works, a configuration that
 * hands its Pods on to flannel is a tool of the operator's.
 */
export const cniConfig: Kind<CniConfigResource, Found> = {
  name: () => cniFolder,
  query: (wants) => `for f in ${cniFolder}/*.conf ${cniFolder}/*.conflist ${cniFolder}/*.json; do
  [ -e "$f" ] || [ -L "$f" ] || continue
  case \${f##*/} in ${[flannelFile, ...wants.flatMap(({ keep }) => keep)].map(quote).join(' | ')}) continue ;; esac
  echo "file \${f##*/}"
  grep -qsE '"type"[[:space:]]*:[[:space:]]*"(multus|multus-shim|flannel|istio-cni|linkerd-cni|genie|danm)"' "$f" && echo "wrapper \${f##*/}"
done
{ [ -e ${hostFolder}/units/kubelet ] || systemctl is-active -q kubelet; } && [ -e ${cniFolder}/${flannelFile} ] && echo live
echo read`,
  read(wants, output) {
    const all = lines(output);
    if (all.at(-1) !== 'read')
      return wants.map(() => ({ state: 'unknown', reason: `${cniFolder} could not be read` }));
    const of = (word: string): string[] =>
      all
        .flatMap((line) => (line.startsWith(`${word} `) ? [line.slice(word.length + 1)] : []))
        .sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
    const found = { files: of('file'), wrappers: of('wrapper'), live: all.includes('live') };
    return wants.map(() => ({ state: 'present', found }));
  },
  action(_want, observation) {
    if (observation.state === 'absent') return undefined;
    const foreign = foreignFiles(observation.found);
    if (foreign.length === 0) return undefined;
    return {
      verb: 'update',
      reason: `puts by ${foreign.join(', ')} of an earlier tool, which would take the place of flannel's; a reset returns ${foreign.length === 1 ? 'it' : 'them'}`,
      script: `for f in ${quoteAll(foreign.map((name) => `${cniFolder}/${name}`))}; do kb_put_by "$f" || exit 1; done`,
      effects: [],
      timeoutSeconds: 30,
    };
  },
  fact: (_want, found) => {
    const foreign = foreignFiles(found);
    return foreign.length === 0 ? 'none of another tool' : foreign.join(' ');
  },
};

function foreignFiles({ files, wrappers, live }: Found): readonly string[] {
  if (!live) return files;
  const before = (name: string): boolean => Buffer.compare(Buffer.from(name), Buffer.from(flannelFile)) < 0;
  const own = new Set(wrappers);
  return files.filter((name) => before(name) && !own.has(name));
}
