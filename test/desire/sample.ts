import type { Desire } from '../../src/desire/context.ts';
import type { Cluster } from '../../src/model/cluster.ts';
import { certificatesFor } from '../../src/pki/certlist.ts';
import { clusterId } from '../../src/pki/digest.ts';
import { createPki } from '../../src/pki/lookup.ts';
import { createRenderer } from '../../src/render/renderer.ts';
import { material } from '../pki/sample.ts';

/** Before the first `up`: nothing is issued. */
export function unissued(cluster: Cluster): Desire {
  return {
    cluster,
    renderer: createRenderer(),
    pki: createPki(certificatesFor(cluster), new Map()),
    clusterId: undefined,
    bundle: undefined,
  };
}

/** After it: everything is. */
export async function issued(cluster: Cluster): Promise<Desire> {
  const pki = createPki(certificatesFor(cluster), await material(cluster));
  return { ...unissued(cluster), pki, clusterId: clusterId(pki.ca('ca').cert) };
}
