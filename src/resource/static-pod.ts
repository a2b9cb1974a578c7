import { oddFile, queryFiles, readFiles } from './digests.ts';
import { contentDigest } from './file.ts';
import { hostFolder } from './prelude.ts';
import { lines, quote, quoteAll } from '../model/shell.ts';
import type { Kind, StaticPodResource } from './types.ts';

interface Found {
  readonly mode: string;
  readonly digest: string;
  /** Whether its Pod was started after the last change of a file that it reads. */
  readonly current: boolean;
  /** It is current, but kboot has not recorded that yet. */
  readonly unmarked?: true;
}

/** kubeadm's constants.GetStaticPodDirectory. */
export const manifestsFolder = '/etc/kubernetes/manifests';

export const manifestPath = (name: string): string => `${manifestsFolder}/${name}.yaml`;

/** The name of this Pod's process in `readBy` of its files. */
export const podProcess = (name: string): string => `pod-${name}`;

/**
 * Stops the containers $c of a static Pod. A kube-apiserver that was asked to stop refuses connections at once and waits
 * half a minute for its watches: after 3 s it is killed.
 */
const stop = `for i in $c; do
  ctr -n k8s.io tasks kill "$i" 2>/dev/null || continue
  n=0; while kb_running $i && [ $n -lt 12 ]; do n=$((n + 1)); sleep 0.25; done
  ctr -n k8s.io tasks kill -s SIGKILL "$i" 2>/dev/null
done`;

/**
 * Removes the containers $c of a static Pod. The kubelet waits before it replaces one that ended: 10 s, and twice as long each
 * time within ten minutes (seen: 132 s at the sixth restart of kube-apiserver). One that is gone it replaces at once.
 */
const remove = `for i in $c; do crictl rm -f "$i" >/dev/null 2>&1; done`;

/**
 * Stops the containers $c of a static Pod and waits for their replacements. `meanwhile` is run while it waits, `first` before.
 */
const renew = (name: string, { meanwhile = '', first = '' } = {}): string => `${stop}${first && `\n${first}`}
n=0; while systemctl is-active -q kubelet 2>/dev/null && [ $n -lt 60 ]; do
  kb_running $(kb_containers ${name} | grep -vxF -e "$c") && break
  ${meanwhile}n=$((n + 1)); sleep 0.5
done`;

/**
 * Before the kubelet starts a changed etcd, it deletes the mirror Pod through the API server of its own host, which
 * waits for etcd, for a minute per request (seen with v1.36). If the API server refuses connections, the kubelet
 * continues. Its watches would also delay the shutdown of the old etcd.
 */
const endServed = (
  name: string,
): string => `for i in $(kb_containers ${name}); do ctr -n k8s.io tasks kill -s SIGKILL "$i" 2>/dev/null; done
`;

/**
 * The kubelet restarts the API server at once, and it hangs again; ended a second time, it stays down for the ten seconds
 * of the kubelet's back-off, which is what the new etcd takes. A third time would double them.
 */
const endServedAgain = (
  name: string,
): string => `[ -n "$again" ] || ! kb_running $(kb_containers ${name}) || {
    again=1; for i in $(kb_containers ${name}); do ctr -n k8s.io tasks kill -s SIGKILL "$i" 2>/dev/null; done
  }
  `;

/** Shell that puts a manifest back from a copy, if there is one, and waits until the kubelet runs it. */
export const putBackManifest = (
  name: string,
  copy: string,
  serves?: string,
): string => `if [ -f ${copy} ]; then
  c=$(kb_containers ${name}) || exit 1
  cp -- ${copy} /etc/kubernetes/.kboot~${name}.yaml && kb_install /etc/kubernetes/.kboot~${name}.yaml ${manifestPath(name)} 600 || exit 1
  again=
  ${serves === undefined ? '' : endServed(serves)}
  ${renew(name, serves === undefined ? {} : { meanwhile: endServedAgain(serves) })}
  : > ${hostFolder}/running/${podProcess(name)}
fi`;

/**
 * Shell that waits, after a restart of the kubelet, until it has restarted these static Pods: until their processes are younger
 * than its own. If it starts none within 15 s, it keeps them. Whether they are well is for others to ask.
 */
export const awaitRenewedPods = (
  names: readonly string[],
): string => `born() { cut -d' ' -f22 "/proc/$1/stat" 2>/dev/null; }
k=; n=0
while [ -z "$k" ] && [ $n -lt 30 ]; do k=$(born "$(systemctl show -p MainPID --value kubelet.service)"); n=$((n + 1)); [ -n "$k" ] || sleep 0.5; done
[ -n "$k" ] || { journalctl -u kubelet.service -n 15 --no-pager -o cat 2>/dev/null; echo 'the kubelet is not running'; exit 1; }
n=0; some=
while [ $n -lt 120 ]; do
  tasks=$(ctr -n k8s.io tasks list); left=
  for p in ${names.join(' ')}; do
    own=
    for i in $(kb_containers $p); do
      pid=$(echo "$tasks" | sed -n "s/^$i  *\\([0-9]*\\)  *RUNNING.*/\\1/p")
      b=; [ -z "$pid" ] || b=$(born "$pid")
      [ -z "$b" ] || [ "$b" -le "$k" ] || own=1
    done
    if [ -n "$own" ]; then some=1; else left=1; fi
  done
  [ -n "$left" ] || break
  [ -n "$some" ] || [ $n -lt 30 ] || break
  n=$((n + 1)); sleep 0.5
done`;

/** containerd's folder of a task: its config.json is written when the container is created. */
const taskFolder = '/run/containerd/io.containerd.runtime.v2.task/k8s.io';

/**
 * Prints `since POD` for a Pod without a mark whose container is younger than the last change of its manifest and of every
 * file that it reads: on a host that kboot did not set up, that is how it is known to run with what is there.
 */
const queryStart = ({ name, reads = [] }: StaticPodResource): string =>
  `[ -e ${hostFolder}/running/${podProcess(name)} ] || {
  s=
  for i in $(ctr -n k8s.io containers list -q 'labels."io.kubernetes.container.name"==${name},labels."io.cri-containerd.kind"==container'); do
    [ -e ${taskFolder}/$i/config.json ] || continue
    s=$(find -L ${quoteAll([manifestPath(name), ...reads])} -cnewer ${taskFolder}/$i/config.json 2>&1 && echo started)
    [ "$s" = started ] || break
  done
  [ "$s" != started ] || echo 'since ${podProcess(name)}'
}`;

/**
 * A manifest that the kubelet runs. It is written outside the manifest folder and moved in: the kubelet reads every
 * file that it sees there (kubernetes#136962).
 */
export const staticPod: Kind<StaticPodResource, Found> = {
  name: (want) => want.name,
  // A manifest is small: its digest is not recorded.
  query: (wants) => `${queryFiles(
    wants.map((want) => manifestPath(want.name)),
    { deep: true },
  )}
for f in ${hostFolder}/running/*; do [ ! -e "$f" ] || echo "mark \${f##*/}"; done
${wants.map(queryStart).join('\n')}`,
  read(wants, output) {
    const files = readFiles(output);
    const seen = new Set(lines(output));
    return wants.map((want) => {
      const found = files.get(manifestPath(want.name));
      if (found === undefined) return { state: 'absent' };
      if (found.mode === 'odd') return { state: 'unknown', reason: oddFile(manifestPath(want.name)) };
      const process = podProcess(want.name);
      if (seen.has(`mark ${process}`)) return { state: 'present', found: { ...found, current: true } };
      const current = seen.has(`since ${process}`);
      return { state: 'present', found: { ...found, current, ...(current && { unmarked: true as const }) } };
    });
  },
  action(want, found, changes) {
    const { owns } = want;
    // What the old process made until it ended is given away before the new one reads it.
    const give = owns === undefined ? '' : `kb_give ${quote(owns.user)} ${quoteAll(owns.paths)}\n`;
    const path = manifestPath(want.name);
    const mark = `${hostFolder}/running/${podProcess(want.name)}`;
    const digest = contentDigest({ kind: 'text', text: want.text });
    if (found.state === 'present' && found.found.digest === digest) {
      const { mode, current, unmarked } = found.found;
      const chmod = mode === '600' ? '' : `chmod 600 -- ${path}`;
      if (current && !changes.disturbed.has(podProcess(want.name))) {
        const script = [
          ...(chmod === '' ? [] : [chmod]),
          // Recorded, since changes of mode or owner make a file look newer than its reader.
          ...(unmarked === true ? [`: > ${mark}`] : []),
        ];
        return script.length === 0
          ? undefined
          : {
              verb: 'update',
              reason:
                chmod === '' ? 'it runs with these files, which is recorded' : `mode ${mode} becomes 600`,
              script: script.join(' && '),
              effects: [],
              timeoutSeconds: 30,
            };
      }
      return {
        verb: 'restart',
        reason: changes.disturbed.has(podProcess(want.name))
          ? 'a file that it reads changes'
          : 'it may still run with former files',
        effects: [{ component: want.name, kind: 'restart' }],
        // The kubelet restarts the container as soon as its process is gone.
        script: `${chmod === '' ? '' : `${chmod}\n`}c=$(kb_containers ${want.name}) || exit 1
${give}${renew(want.name, { first: remove, meanwhile: give })}
: > ${mark}`,
        timeoutSeconds: 120,
      };
    }
    const temporary = `/etc/kubernetes/.kboot~${want.name}.yaml`;
    const install = `kb_wrote ${temporary} ${path} && kb_install ${temporary} ${path} 600`;
    const payload = { path: temporary, content: { kind: 'text' as const, text: want.text } };
    if (found.state === 'absent')
      return {
        verb: 'create',
        reason: 'the kubelet starts it',
        effects: [{ component: want.name, kind: 'start' }],
        expects: { path, digest: 'absent' },
        script: `kb_expect ${path} absent && ${install} && : > ${mark}`,
        payload,
        timeoutSeconds: 60,
      };
    const { servesPod } = want;
    // In an upgrade, the gates after the step wait for the new container, while the kubelet replaces the next one, too.
    const renewal =
      servesPod !== undefined
        ? renew(want.name, { meanwhile: `${give}${endServedAgain(servesPod)}` })
        : changes.ahead === true
          ? stop
          : renew(want.name, { meanwhile: give });
    return {
      verb: 'update',
      reason: 'the kubelet restarts it',
      effects: [want.name, ...(servesPod === undefined ? [] : [servesPod])].map((component) => ({
        component,
        kind: 'restart' as const,
      })),
      expects: { path, digest: found.found.digest },
      // The step ends after the old container has stopped: a later check of the Pod's health must not see the old one.
      script: `kb_expect ${path} ${found.found.digest} || exit
c=
if systemctl is-active -q kubelet 2>/dev/null; then c=$(kb_containers ${want.name}) || exit 1; fi
${install} || exit 1
again=
${servesPod === undefined ? '' : endServed(servesPod)}n=0; while kb_running $c && [ $n -lt 24 ]; do n=$((n + 1)); sleep 0.25; done
${give}${renewal}
: > ${mark}`,
      payload,
      timeoutSeconds: 120,
    };
  },
};
