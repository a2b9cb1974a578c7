import { dataFolders } from '../desire/reset-data.ts';
import { KbootError } from '../model/error.ts';
import type { ResetObservation } from '../model/reset-observation.ts';
import { hostFolder } from '../resource/prelude.ts';
import type { Reader } from '../transport/types.ts';
import { backupProgram } from './backup.ts';
import { dockerQuestion, readDocker } from './docker.ts';
import { runningEtcdDataDir } from './inspect.ts';
import { remedies } from './remedies.ts';

const script = `export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
ls -A ${hostFolder} 2>/dev/null | grep -qvx lost+found && echo present=1
echo "clusterId=$(cat ${hostFolder}/cluster 2>/dev/null)"
echo "etcdDataDir=$(${runningEtcdDataDir})"
echo "owned=$(wc -l < ${hostFolder}/owned 2>/dev/null)"
echo "kept=$(find ${hostFolder}/before ! -type d 2>/dev/null | wc -l)"
echo "containers=$(ctr -n k8s.io containers list -q 2>/dev/null | wc -l)"
{ [ -e ${hostFolder}/swap ] || grep -q '^#kboot# ' /etc/fstab; } 2>/dev/null && echo swap=1
for f in ${dataFolders('/var/lib/etcd').join(' ')}; do
  if [ -L "$f" ] || grep -q "^[^ ]* [^ ]* [^ ]* [^ ]* $f " /proc/self/mountinfo; then echo "keptFolder=$f"; fi
done
if [ -f ${backupProgram} ] && grep -qxF -e ${backupProgram} ${hostFolder}/owned 2>/dev/null; then
  d=$(sed -n 's/^directory=//p' ${backupProgram} | head -n 1)
  echo "backup=$(ls -- "$d" 2>/dev/null | grep -cE '^etcd-backup-.*[.]db([.]cms)?$') $d"
fi
[ -e ${hostFolder}/selinux ] && echo selinux=1
${dockerQuestion}
echo end=1`;

/** Reads what there is to remove: one exec. Throws KbootError E-PROBE if the answer is truncated. */
export async function observeForReset(reader: Reader): Promise<ResetObservation> {
  const { stdout } = await reader.read(`{ ${script}\n} </dev/null`, { timeoutMs: 60_000 });
  const values = new Map(
    stdout.split('\n').map((line) => [line.split('=')[0] ?? '', line.slice(line.indexOf('=') + 1)]),
  );
  if (values.get('end') !== '1')
    throw new KbootError('E-PROBE', 'the probe was cut off', {
      host: reader.host,
      remedy: remedies.unchangedAgain,
    });
  const backup = /^(\d+) (\/.+)$/.exec(values.get('backup') ?? '');
  return {
    present: values.get('present') === '1',
    clusterId: values.get('clusterId') ?? '',
    etcdDataDir: values.get('etcdDataDir') ?? '',
    owned: Number(values.get('owned') ?? 0),
    kept: Number(values.get('kept') ?? 0),
    containers: Number(values.get('containers') ?? 0),
    keptFolders: stdout.split('\n').flatMap((line) => /^keptFolder=(.+)$/.exec(line)?.[1] ?? []),
    ...(backup && { backup: { snapshots: Number(backup[1]), directory: backup[2] ?? '' } }),
    swap: values.get('swap') === '1',
    selinux: values.get('selinux') === '1',
    dockerContainers: readDocker(values.get('dockerContainers')),
  };
}
