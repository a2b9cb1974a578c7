import { contentDigest, oddFile, queryFiles, readFiles } from './file.ts';
import { hostFolder } from './prelude.ts';
import { lines } from './shell.ts';
import type { Kind, StaticPodResource } from './types.ts';

interface Found {
  readonly mode: string;
  readonly digest: string;
  /** Its Pod was started after the last change of a file that it reads. */
  readonly current: boolean;
}

/** kubeadm's constants.GetStaticPodDirectory. */
export const manifestsFolder = '/etc/kubernetes/manifests';

export const manifestPath = (name: string): string => `${manifestsFolder}/${name}.yaml`;

/** The process that files of this Pod name in `readBy`. */
export const podProcess = (name: string): string => `pod-${name}`;

/**
 * A manifest that the kubelet runs. It is written outside the folder and renamed in: the kubelet reads every
 * file it sees there (kubernetes#136962).
 */
export const staticPod: Kind<StaticPodResource, Found> = {
  name: (want) => want.name,
  query: (wants) => `${queryFiles(wants.map((want) => manifestPath(want.name)))}
ls ${hostFolder}/running 2>/dev/null | sed 's/^/mark /'`,
  read(wants, output) {
    const files = readFiles(output);
    const marks = new Set(lines(output).filter((line) => line.startsWith('mark ')));
    return wants.map((want) => {
      const found = files.get(manifestPath(want.name));
      if (found === undefined) return { state: 'absent' };
      if (found.mode === 'odd') return { state: 'unknown', reason: oddFile(manifestPath(want.name)) };
      return { state: 'present', found: { ...found, current: marks.has(`mark ${podProcess(want.name)}`) } };
    });
  },
  action(want, found, changes) {
    const path = manifestPath(want.name);
    const mark = `${hostFolder}/running/${podProcess(want.name)}`;
    const digest = contentDigest({ kind: 'text', text: want.text });
    if (found.state === 'present' && found.found.digest === digest && found.found.mode === '600') {
      if (found.found.current && !changes.disturbed.has(podProcess(want.name))) return undefined;
      return {
        verb: 'restart',
        reason: 'a file that it reads changes',
        // The kubelet starts the container anew as soon as its process is gone. A kube-apiserver that was told to end
        // refuses connections at once and waits a minute for its watches: after 3 s it is ended.
        script: `c=$(ctr -n k8s.io containers list -q 'labels."io.kubernetes.container.name"==${want.name},labels."io.cri-containerd.kind"==container') || exit 1
for c in $c; do
  ctr -n k8s.io tasks kill "$c" 2>/dev/null || continue
  n=0; while ctr -n k8s.io tasks list | grep -q "^$c .*RUNNING" && [ $n -lt 12 ]; do n=$((n + 1)); sleep 0.25; done
  ctr -n k8s.io tasks kill -s SIGKILL "$c" 2>/dev/null
done
: > ${mark}`,
        timeoutSeconds: 120,
      };
    }
    const temporary = `/etc/kubernetes/.kboot~${want.name}.yaml`;
    const basis = found.state === 'present' ? found.found.digest : 'absent';
    return {
      verb: found.state === 'absent' ? 'create' : 'update',
      reason: found.state === 'absent' ? 'the kubelet starts it' : 'the kubelet restarts it',
      script: `kb_basis ${path} ${basis} && kb_install ${temporary} ${path} 600 && : > ${mark}`,
      payload: { path: temporary, content: { kind: 'text', text: want.text } },
      timeoutSeconds: 60,
    };
  },
};
