import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { encryptionBytes } from '../../src/desire/encryption.ts';
import { desireHost } from '../../src/desire/host.ts';
import { parseEncryption } from '../../src/desire/text/encryption.ts';
import { parseInventory } from '../../src/inventory/parse.ts';
import { encryptionPath, type KeyMaterial, type StoredAs } from '../../src/model/encryption.ts';
import { assumedFacts } from '../../src/model/facts.ts';
import { unissued } from '../samples/desire.ts';
import { inventoryWith, optionsFor } from '../samples/inventory-options.ts';

interface Pod {
  readonly spec: {
    readonly containers: readonly {
      readonly command: readonly string[];
      readonly volumeMounts: readonly {
        readonly name: string;
        readonly mountPath: string;
        readonly readOnly?: boolean;
      }[];
    }[];
    readonly volumes: readonly {
      readonly name: string;
      readonly hostPath: { readonly path: string; readonly type: string };
    }[];
  };
}

/** What the control plane of a new cluster gets: the file, and the Pod of its API server. */
function rendered(
  encryption: string,
  keys: ReadonlyMap<StoredAs, KeyMaterial>,
): { readonly text: string | undefined; readonly pod: Pod } {
  const { cluster, diagnostics } = parseInventory(
    inventoryWith([`encryption: ${encryption}`]),
    optionsFor('x.yaml'),
  );
  const [host] = cluster?.hosts ?? [];
  if (cluster === undefined || host === undefined)
    throw new Error(diagnostics.map(({ message }) => message).join());
  const wants = desireHost({ ...unissued(cluster), encryptionKeys: keys }, host, assumedFacts);
  const file = wants.find((want) => want.kind === 'file' && want.path === encryptionPath);
  const pod = wants.find((want) => want.kind === 'static-pod' && want.name === 'kube-apiserver');
  if (file?.kind !== 'file' || file.content.kind !== 'secret' || pod?.kind !== 'static-pod')
    throw new Error('a file or Pod is missing');
  expect(file.mode).toBe('600');
  return { text: encryptionBytes(file.content.name, keys), pod: parse(pod.text) as Pod };
}

describe('encryption in etcd', () => {
  it('by a KMS plugin: the file names its socket, whose folder the API server has', () => {
    const keys = new Map<StoredAs, KeyMaterial>([
      ['kms:vault', { kind: 'kms', endpoint: 'unix:///run/kms/one.sock', timeout: '5s' }],
    ]);
    const { text, pod } = rendered(
      '{provider: kms, resources: [secrets, configmaps], kms: {endpoint: "unix:///run/kms/one.sock", name: vault, timeout: 5s}}',
      keys,
    );
    expect(text).toBe(`apiVersion: apiserver.config.k8s.io/v1
kind: EncryptionConfiguration
resources:
- resources:
  - secrets
  providers:
  - kms:
      apiVersion: v2
      name: vault
      endpoint: unix:///run/kms/one.sock
      timeout: 5s
  - identity: {}
- resources:
  - configmaps
  providers:
  - kms:
      apiVersion: v2
      name: vault
      endpoint: unix:///run/kms/one.sock
      timeout: 5s
  - identity: {}
`);
    expect(parseEncryption(text ?? '')?.keys).toEqual(keys);
    const [container] = pod.spec.containers;
    expect(container?.command).toContain(`--encryption-provider-config=${encryptionPath}`);
    const volume = pod.spec.volumes.find(({ hostPath }) => hostPath.path === '/run/kms');
    expect(container?.volumeMounts.find(({ name }) => name === volume?.name)?.mountPath).toBe('/run/kms');
  });

  it('by a key of kboot: nothing of the host is mounted for it', () => {
    const secret = Buffer.alloc(32, 7).toString('base64');
    const { text, pod } = rendered(
      '{provider: aescbc, key: key2}',
      new Map([['aescbc:key2', { kind: 'key', secret }]]),
    );
    expect(text).toContain(
      `  - aescbc:\n      keys:\n      - name: key2\n        secret: ${secret}\n  - identity: {}\n`,
    );
    expect(pod.spec.volumes.filter(({ name }) => name.startsWith('kboot-kms'))).toEqual([]);
  });
});
