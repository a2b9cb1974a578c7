import { catalog } from '../../src/catalog/release.ts';
import type { Desire } from '../../src/desire/context.ts';
import type { Cluster } from '../../src/model/cluster.ts';
import { certificatesFor } from '../../src/pki/certlist.ts';
import { clusterIdOf } from '../../src/pki/digest.ts';
import { withForeignEtcd } from '../../src/pki/foreign-etcd.ts';
import { createPki } from '../../src/pki/lookup.ts';
import type { Material } from '../../src/pki/plan.ts';
import type { Pki } from '../../src/pki/types.ts';
import { createRenderer } from '../../src/render/renderer.ts';
import { material } from './pki.ts';

/** Before the first `up`: nothing is issued yet. */
export function unissued(cluster: Cluster): Desire {
  return {
    cluster,
    releases: catalog,
    renderer: createRenderer(),
    pki: pkiOf(cluster, new Map()),
    clusterId: undefined,
    bundle: undefined,
    uploads: new Map(),
  };
}

/** After it: everything is issued. */
export async function issued(cluster: Cluster): Promise<Desire> {
  const pki = pkiOf(cluster, await material(cluster));
  return { ...unissued(cluster), pki, clusterId: clusterIdOf(pki.signer('ca').cert) };
}

/** For an etcd that someone else runs, any CA and certificate do once there are some. */
function pkiOf(cluster: Cluster, texts: Material): Pki {
  const pki = createPki(certificatesFor(cluster), texts);
  if (cluster.etcd.external === undefined) return pki;
  if (!pki.isIssued('ca')) return withForeignEtcd(pki, undefined);
  const { cert, key } = pki.certificate('front-proxy-client');
  return withForeignEtcd(pki, {
    caPem: pki.signer('front-proxy-ca').cert,
    certificatePem: cert,
    keyPem: key,
  });
}
