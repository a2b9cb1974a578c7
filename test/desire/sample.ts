import type { Desire } from '../../src/desire/context.ts';
import type { Cluster } from '../../src/model/cluster.ts';
import { certificatesFor } from '../../src/pki/certlist.ts';
import { clusterId } from '../../src/pki/digest.ts';
import { withForeignEtcd } from '../../src/pki/foreign-etcd.ts';
import { createPki } from '../../src/pki/lookup.ts';
import type { Material } from '../../src/pki/plan.ts';
import type { Pki } from '../../src/pki/types.ts';
import { createRenderer } from '../../src/render/renderer.ts';
import { material } from '../pki/sample.ts';

/** Before the first `up`: nothing is issued. */
export function unissued(cluster: Cluster): Desire {
  return {
    cluster,
    renderer: createRenderer(),
    pki: pkiOf(cluster, new Map()),
    clusterId: undefined,
    bundle: undefined,
  };
}

/** After it: everything is. */
export async function issued(cluster: Cluster): Promise<Desire> {
  const pki = pkiOf(cluster, await material(cluster));
  return { ...unissued(cluster), pki, clusterId: clusterId(pki.ca('ca').cert) };
}

/** Someone else's etcd is opened with what was read of its files: nothing, here. */
function pkiOf(cluster: Cluster, texts: Material): Pki {
  const pki = createPki(certificatesFor(cluster), texts);
  return cluster.etcd.external === undefined ? pki : withForeignEtcd(pki, undefined);
}
