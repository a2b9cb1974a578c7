import { staticPodComponents, type Component, type StaticPodComponent } from '../../model/component.ts';
import { contentDigest } from '../../resource/file.ts';
import { hostFolder } from '../../resource/prelude.ts';
import { quote, quoteAll } from '../../model/shell.ts';
import { manifestPath, podProcess, putBackManifest } from '../../resource/static-pod.ts';
import type { Resource } from '../../resource/types.ts';
import type { HostChange } from '../diff/host.ts';
import { interrupts } from '../rollout/effects.ts';
import type { ShellStep } from '../types.ts';
import type { Turn } from './turns.ts';

/** How what a turn replaces is kept, and put back if the new one does not become healthy. */
export interface Former {
  readonly keep: ShellStep;
  readonly putBack: ShellStep;
}

/** A file that a turn replaces. */
interface Replaced {
  readonly path: string;
  /** SHA-256 of its new content; `-`: not known; undefined: it is the new one already. */
  readonly digest: string | undefined;
}

/**
 * Keeps the manifests, binaries and files that the changes of a turn replace, in /var/lib/kboot/former, as kubeadm keeps
 * static Pods' manifests (phases/upgrade/staticpods.go). Data is never kept or put back: etcd's is in the snapshot.
 * What an earlier run of the same upgrade kept is put back, too. undefined: the turn restarts nothing that can be put back.
 */
export function formerOf(
  host: string,
  turn: Turn,
  changes: readonly HostChange[],
  resources: readonly Resource[],
  to: string,
): Former | undefined {
  const components = restarted(changes);
  const files = filesOf(components, resources, changes);
  if (components.length === 0 || files.length === 0) return undefined;
  const names = components.join(', ');
  const folder = `${hostFolder}/former/${turn}`;
  const base = { type: 'shell', effects: [] } as const;
  return {
    keep: {
      ...base,
      id: `${host}: keep former ${turn}`,
      verb: 'create',
      target: { kind: 'former', name: names },
      reason: 'put back if the new one does not become healthy',
      script: `[ "$(cat ${folder}/for 2>/dev/null)" = ${to} ] || { rm -rf ${folder} && mkdir -p -m 700 ${folder} && echo ${to} > ${folder}/for; } || exit 1
${files
  .flatMap(({ path, digest }) =>
    digest === undefined ? [] : `kb_keep ${turn} ${quote(path)} ${digest} || exit 1`,
  )
  .join('\n')}`,
      timeoutSeconds: 120,
    },
    putBack: {
      ...base,
      id: `${host}: put back ${turn}`,
      verb: 'update',
      target: { kind: 'former', name: names },
      reason: 'put back, if the new one does not become healthy',
      effects: components.map((component) => ({ component, kind: 'restart' })),
      script: putBackScript(turn, to, components, files),
      timeoutSeconds: 240,
    },
  };
}

function putBackScript(
  turn: Turn,
  to: string,
  components: readonly Component[],
  files: readonly Replaced[],
): string {
  const folder = `${hostFolder}/former/${turn}`;
  const manifests = components.filter(isStaticPod).map(manifestPath);
  const others = files.map(({ path }) => path).filter((path) => !manifests.includes(path));
  const units = components.filter((component) => !isManifest(component, files));
  return [
    `[ "$(cat ${folder}/for 2>/dev/null)" = ${to} ] || { echo 'nothing was kept'; exit 1; }`,
    `kb_disturb ${quoteAll(components.map((name) => (isManifest(name, files) ? podProcess(name) : name)))}`,
    ...(others.length === 0 ? [] : [`kb_put_back ${turn} ${quoteAll(others)} || exit 1`]),
    ...components
      .filter((component) => isManifest(component, files))
      .map((name) =>
        putBackManifest(
          name,
          `${folder}${manifestPath(name)}`,
          name === 'etcd' ? 'kube-apiserver' : undefined,
        ),
      ),
    ...(units.length === 0 ? [] : ['systemctl daemon-reload']),
    ...units.map((name) => `systemctl restart ${name}.service && : > ${hostFolder}/running/${name}`),
  ].join('\n');
}

/** Components that a turn restarts and that can be put back: containerd keeps what runs, and is not. */
function restarted(changes: readonly HostChange[]): Component[] {
  const all = ['etcd', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler', 'kubelet'] as const;
  return all.filter((component) =>
    changes.some(({ step }) => interrupts(step, component) && !isSideEffect(step.target, component)),
  );
}

/** A changed etcd restarts the API server of its host, whose own manifest stays. */
function isSideEffect(target: HostChange['step']['target'], component: Component): boolean {
  return target.kind === 'static-pod' && target.name !== component;
}

function isStaticPod(component: Component): component is StaticPodComponent {
  return staticPodComponents.some((each) => each === component);
}

function isManifest(component: Component, files: readonly Replaced[]): boolean {
  return isStaticPod(component) && files.some(({ path }) => path === manifestPath(component));
}

/** The files of these components that this kboot writes, in the order of the resources. */
function filesOf(
  components: readonly Component[],
  resources: readonly Resource[],
  changes: readonly HostChange[],
): Replaced[] {
  const processes = new Set<string>(components.flatMap((name) => [name, podProcess(name)]));
  return resources.flatMap((want): Replaced[] => {
    if (want.kind === 'static-pod' && components.includes(want.name)) {
      const digest = contentDigest({ kind: 'text', text: want.text }) ?? '-';
      return [{ path: manifestPath(want.name), digest }];
    }
    if (want.kind !== 'file' && want.kind !== 'binary' && want.kind !== 'archive') return [];
    if (want.readBy?.some((each) => processes.has(each)) !== true) return [];
    if (want.kind === 'file') return [{ path: want.path, digest: contentDigest(want.content) ?? '-' }];
    if (want.kind === 'binary') return [{ path: want.path, digest: want.artifact.sha256 }];
    // The stamp says which archive these files are from. Their digests are not known: without a change they are new.
    const { members = [], destination, name } = want;
    const unpacks = changes.some(({ step: { target } }) => target.kind === 'archive' && target.name === name);
    const paths = [...members.map((member) => `${destination}/${member}`), `${hostFolder}/archives/${name}`];
    return paths.map((path) => ({ path, digest: unpacks ? '-' : undefined }));
  });
}
