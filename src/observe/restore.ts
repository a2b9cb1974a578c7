import { KbootError } from '../model/error.ts';
import type { RestoreObservation, RestoreRecord } from '../model/restore-observation.ts';
import { hostFolder } from '../resource/prelude.ts';
import { quote } from '../model/shell.ts';
import type { Reader } from '../transport/types.ts';
import { etcdDataQuestion } from './inspect.ts';
import { remedies } from './remedies.ts';

/** Where a host keeps its RestoreRecord: `ID SOURCE BUMP STATE`. */
export const restoreRecordFile = `${hostFolder}/etcd-restore`;

const script = (
  dataDir: string,
): string => `export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
echo "clusterId=$(cat ${hostFolder}/cluster 2>/dev/null)"
echo "machine=$(uname -m)"
for f in /etc/kubernetes/manifests/etcd.yaml /etc/systemd/system/etcd.service; do [ -f $f ] && echo installed=1; done
[ -f /etc/kubernetes/manifests/kube-apiserver.yaml ] && echo apiServer=1
echo "image=$(sed -n 's/^ *image: *//p' /etc/kubernetes/manifests/etcd.yaml 2>/dev/null | head -n 1 | tr -d '"')"
timeout 10 ctr -n k8s.io images ls -q 2>/dev/null | grep -E '(^|/)etcd:' | sed 's/^/has=/'
[ -x /usr/local/bin/etcdutl ] && echo etcdutl=1
${etcdDataQuestion(dataDir)}
[ ! -f ${quote(`${dataDir}/member/snap/db`)} ] || echo "db=$(stat -c %s ${quote(`${dataDir}/member/snap/db`)})"
p=${quote(dataDir)}; while [ ! -e "$p" ]; do p=$(dirname "$p"); done
echo "free=$(df -Pk "$p" | { read -r _; read -r _ _ _ a _; echo "$a"; })"
echo "record=$(cat ${restoreRecordFile} 2>/dev/null)"
echo end=1`;

/** Reads what a restore needs to know: one exec. Throws KbootError E-PROBE if the answer is truncated. */
export async function observeForRestore(reader: Reader, dataDir: string): Promise<RestoreObservation> {
  const { stdout } = await reader.read(`{ ${script(dataDir)}\n} </dev/null`, { timeoutMs: 60_000 });
  const lines = stdout.split('\n').map((line) => {
    const at = line.indexOf('=');
    return [line.slice(0, at), line.slice(at + 1)] as const;
  });
  const all = (key: string): readonly string[] =>
    lines.flatMap(([name, value]) => (name === key ? [value] : []));
  const one = (key: string): string => all(key)[0] ?? '';
  if (one('end') !== '1')
    throw new KbootError('E-PROBE', 'the probe was cut off', {
      host: reader.host,
      remedy: remedies.unchangedAgain,
    });
  const data = one('etcd');
  return {
    clusterId: one('clusterId'),
    architecture: one('machine') === 'aarch64' ? 'arm64' : 'amd64',
    installed: one('installed') === '1',
    apiServer: one('apiServer') === '1',
    etcdImage: one('image'),
    images: all('has'),
    etcdutl: one('etcdutl') === '1',
    data: data === 'present' || data === 'absent' ? data : 'unknown',
    databaseMiB: Math.ceil(Number(one('db')) / 1024 / 1024),
    freeMiB: Math.floor(Number(one('free')) / 1024),
    record: recordOf(one('record')),
  };
}

function recordOf(text: string): RestoreRecord | undefined {
  const [id = '', source = '', bump = '', state = ''] = text.split(' ');
  if (state !== 'prepared' && state !== 'restored' && state !== 'done') return undefined;
  return { id, source, bump: Number(bump), state };
}
