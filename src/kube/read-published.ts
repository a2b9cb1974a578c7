import { refused, type KubeClient } from './client.ts';
import { listAll } from './list.ts';
import { objectPath } from './paths.ts';
import { authenticationRef, fingerprints, type Published, type PublishedCopy } from './published-cas.ts';
import { objectTitle, type KubeObject } from './types.ts';

/** Reads one of the copies wherever it is. Throws KbootError E-KUBE-API. */
export async function readPublished(kube: KubeClient, copy: PublishedCopy): Promise<Published> {
  if (copy === 'kube-root-ca.crt') {
    const selector = `fieldSelector=metadata.name%3D${copy}`;
    return new Map(
      await listAll(kube, `/api/v1/configmaps?${selector}`, (object: ConfigMap) => [
        objectTitle({ ...object, kind: 'ConfigMap' }),
        fingerprints(object.data?.['ca.crt']),
      ]),
    );
  }
  const answer = await kube.request('GET', objectPath(authenticationRef));
  if (answer.status === 404) return new Map();
  if (answer.status !== 200) throw refused(`reading ${objectTitle(authenticationRef)}`, answer);
  const { data } = answer.body as ConfigMap;
  return new Map([[objectTitle(authenticationRef), fingerprints(data?.[copy])]]);
}

interface ConfigMap extends KubeObject {
  readonly data?: Readonly<Record<string, string>>;
}
