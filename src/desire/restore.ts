import type { StaticPodComponent } from '../model/component.ts';
import type { RestoreRecord } from '../model/restore-observation.ts';
import { quote, quoteAll } from '../model/shell.ts';

/** One member of the cluster that a restore makes. */
export interface RestoredMember {
  readonly name: string;
  /** `https://10.0.0.11:2380` */
  readonly peerURL: string;
}

/** Where a restore puts things on a host; all on the file system of etcd's data. */
export interface RestorePlaces {
  readonly dataDir: string;
  readonly id: string;
}

/** The snapshot on the host, until the new data is made from it. */
export const snapshotPlace = ({ dataDir }: Pick<RestorePlaces, 'dataDir'>): string =>
  `${dataDir}/restore/snapshot.db`;

/** The former data. */
export const formerPlace = ({ dataDir, id }: RestorePlaces): string => `${dataDir}/former/${id}`;

/** One restore, as hosts record it. */
export interface RestoreMark extends RestorePlaces {
  /** Where hosts keep their RestoreRecord. */
  readonly recordFile: string;
  readonly source: string;
  readonly bump: number;
}

/** The program that makes data from a snapshot: in an image of etcd, run through containerd, or on the host. */
export type RestoreTool = { readonly image: string } | 'etcdutl';

/**
 * Makes the new data beside the present data, which is not touched. The revision is raised and everything before is
 * compacted, so that no client takes what it knows for current: all of them read everything again.
 */
export function prepareScript(
  places: RestoreMark,
  members: readonly RestoredMember[],
  name: string,
  tool: RestoreTool,
): string {
  const { dataDir, id } = places;
  const folder = `${dataDir}/restore`;
  const own = members.find((member) => member.name === name)?.peerURL ?? '';
  const flags = (at: string): string =>
    quoteAll([
      ...['snapshot', 'restore', `${at}/snapshot.db`, '--data-dir', `${at}/${id}`, '--name', name],
      ...['--initial-cluster', members.map((member) => `${member.name}=${member.peerURL}`).join(',')],
      ...['--initial-advertise-peer-urls', own, '--initial-cluster-token', `kboot-${id}`],
      ...['--bump-revision', String(places.bump), '--mark-compacted'],
    ]);
  const container = `kboot-restore-${id}`;
  const make =
    tool === 'etcdutl'
      ? `/usr/local/bin/etcdutl ${flags(folder)}`
      : `ctr -n k8s.io tasks delete -f ${container} >/dev/null 2>&1
ctr -n k8s.io containers delete ${container} >/dev/null 2>&1
ctr -n k8s.io snapshots rm ${container} >/dev/null 2>&1
ctr -n k8s.io run --rm --mount ${quote(`type=bind,src=${folder},dst=/restore,options=rbind:rw`)} ${quote(tool.image)} ${container} etcdutl ${flags('/restore')}`;
  return `chmod 700 -- ${quote(dataDir)} ${quote(folder)} || exit
rm -rf -- ${quote(`${folder}/${id}`)}
${make} || { echo 'the data could not be made from the snapshot'; exit 1; }
[ -f ${quote(`${folder}/${id}/member/snap/db`)} ] || { echo 'there is no data after the restore'; exit 1; }
rm -f -- ${quote(snapshotPlace(places))}
sync -f ${quote(folder)} || exit
${record(places, 'prepared')}`;
}

/** Stops the kubelet and the control plane's static Pods, etcd last; other Pods go on running. */
export function stopControlPlane(): string {
  const pods: readonly StaticPodComponent[] = [
    'kube-controller-manager',
    'kube-scheduler',
    'kube-apiserver',
    'etcd',
  ];
  // A kube-apiserver waits half a minute for its watches; etcd writes what it has to disk.
  return `! systemctl cat kubelet.service >/dev/null 2>&1 || systemctl stop kubelet.service || exit 1
for p in ${pods.join(' ')}; do
  c=$(kb_containers $p) || exit 1
  for i in $c; do ctr -n k8s.io tasks kill "$i" 2>/dev/null; done
  [ $p = etcd ] && max=80 || max=12
  n=0; while kb_running $c && [ $n -lt $max ]; do n=$((n + 1)); sleep 0.25; done
  for i in $c; do ctr -n k8s.io tasks kill -s SIGKILL "$i" 2>/dev/null; done
  n=0; while kb_running $c && [ $n -lt 40 ]; do n=$((n + 1)); sleep 0.25; done
  if kb_running $c; then echo "$p does not stop"; exit 1; fi
done`;
}

/** Stops a member that runs as a service. */
export const stopService = `systemctl stop etcd.service || exit 1
! systemctl is-active -q etcd.service`;

/** Puts the former data aside and the new data in its place, by renames. May be interrupted anywhere and run again. */
export function swapScript(places: RestoreMark, service: boolean): string {
  const { dataDir, id, recordFile } = places;
  const former = formerPlace(places);
  const made = `${dataDir}/restore/${id}/member`;
  const present = `${dataDir}/member`;
  const running = service
    ? 'systemctl is-active -q etcd.service'
    : '{ c=$(kb_containers etcd) || exit 1; kb_running $c; }';
  return `read -r i _ _ s < ${recordFile} || exit 1
[ "$i" = ${quote(id)} ] && [ "$s" != done ] || { echo 'the new data of this restore is not here'; exit 1; }
if ${running}; then echo 'etcd is running'; exit 1; fi
if [ -e ${quote(made)} ]; then
  if [ -e ${quote(present)} ]; then
    mkdir -p -m 700 -- ${quote(`${dataDir}/former`)} ${quote(former)} || exit
    t=member; while [ -e ${quote(former)}/$t ]; do t=$t.again; done
    mv -T -- ${quote(present)} ${quote(former)}/$t || exit
  fi
  # It becomes that of whoever owns the folder.
  chown -R --reference=${quote(dataDir)} -- ${quote(made)} || exit
  mv -T -- ${quote(made)} ${quote(present)} || exit
fi
sync -f ${quote(dataDir)} || exit
${record(places, 'restored')}`;
}

/** Starts the kubelet, which starts the static Pods. */
export const startKubelet =
  'systemctl reset-failed kubelet.service 2>/dev/null; systemctl start kubelet.service';

/** Starts a member that runs as a service: it is ready only once the others are. */
export const startService =
  'systemctl reset-failed etcd.service 2>/dev/null; systemctl start --no-block etcd.service';

/** Ends the restore on a host: the next one is another. */
export function doneScript(places: RestoreMark): string {
  return `${record(places, 'done')} && rm -rf -- ${quote(`${places.dataDir}/restore`)}`;
}

function record({ id, recordFile, source, bump }: RestoreMark, state: RestoreRecord['state']): string {
  return `echo ${quoteAll([id, source, String(bump), state])} > ${recordFile}.new && sync -- ${recordFile}.new && mv -f -T -- ${recordFile}.new ${recordFile}`;
}
