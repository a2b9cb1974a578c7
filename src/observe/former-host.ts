import { X509Certificate } from 'node:crypto';
import { kubeletCertificatePath } from '../resource/client-certificate.ts';
import { hostFolder } from '../resource/prelude.ts';
import type { Reader } from '../transport/types.ts';

/** A host whose Node is still in the API, and which the inventory no longer has. */
export type FormerHost =
  /** `kubelet`: off if it neither runs nor starts at boot. */
  | { readonly state: 'reached'; readonly kubelet: 'on' | 'off' }
  | { readonly state: 'unreachable'; readonly why: string };

const script = `export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
echo "clusterId=$(cat ${hostFolder}/cluster 2>/dev/null)"
if systemctl is-active -q kubelet 2>/dev/null || systemctl is-enabled -q kubelet 2>/dev/null; then echo kubelet=on; else echo kubelet=off; fi
sed -n '/BEGIN CERTIFICATE/,/END CERTIFICATE/p' ${kubeletCertificatePath} 2>/dev/null
echo end=1`;

/**
 * Reads the kubelet of a former host. Its address may belong to another machine by now: only one with this cluster's ID
 * and this node's certificate counts as reached.
 */
export async function observeFormerHost(
  reader: Reader,
  node: string,
  clusterId: string | undefined,
): Promise<FormerHost> {
  const { stdout } = await reader.read(`{ ${script}\n} </dev/null`, { timeoutMs: 30_000 });
  const value = (key: string): string | undefined => new RegExp(`^${key}=(.*)$`, 'm').exec(stdout)?.[1];
  if (value('end') !== '1') return { state: 'unreachable', why: 'its answer was cut off' };
  const [from, to] = [stdout.indexOf('-----BEGIN'), stdout.lastIndexOf(endLine)];
  const pem = from < 0 || to < from ? undefined : stdout.slice(from, to + endLine.length);
  if (clusterId === undefined || value('clusterId') !== clusterId || nameIn(pem) !== `system:node:${node}`)
    return { state: 'unreachable', why: 'another machine has its address' };
  return { state: 'reached', kubelet: value('kubelet') === 'off' ? 'off' : 'on' };
}

const endLine = '-----END CERTIFICATE-----';

function nameIn(pem: string | undefined): string | undefined {
  try {
    return pem === undefined ? undefined : /^CN=(.*)$/m.exec(new X509Certificate(pem).subject)?.[1];
  } catch {
    return undefined;
  }
}
