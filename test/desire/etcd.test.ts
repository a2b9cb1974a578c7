import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { desireHost } from '../../src/desire/host.ts';
import { parseInventory } from '../../src/inventory/parse.ts';
import { assumedFacts } from '../../src/model/facts.ts';
import type { Bundle } from '../../src/store/bundle.ts';
import { optionsFor } from '../samples/inventory-options.ts';
import { unissued } from '../samples/desire.ts';

/** How the first host with a member starts its etcd. */
function startsWith(inventory: string, etcd: string | undefined): string {
  const text = readFileSync(new URL(`../../inventories/${inventory}.yaml`, import.meta.url), 'utf8');
  const { cluster } = parseInventory(text, optionsFor(`/r/i/${inventory}.yaml`));
  const [host] = cluster?.hosts ?? [];
  if (cluster === undefined || host === undefined) throw new Error(inventory);
  const resources = desireHost(
    { ...unissued(cluster), bundle: etcd === undefined ? undefined : bundleWith(etcd) },
    host,
    assumedFacts,
  );
  const contents = resources.flatMap((resource) =>
    ('path' in resource && resource.path.endsWith('/etcd.service')) ||
    (resource.kind === 'static-pod' && resource.name === 'etcd')
      ? [JSON.stringify(resource)]
      : [],
  );
  expect(contents).toHaveLength(1);
  return contents.join('');
}

function bundleWith(etcd: string): Bundle {
  const paths = [
    ...['kubelet', 'kubectl', 'runc'].map((name) => `bin/linux-amd64/${name}`),
    ...[`etcd-v${etcd}`, 'containerd-2.2.7'].map((name) => `archives/linux-amd64/${name}-linux-amd64.tar.gz`),
    'archives/linux-amd64/cni-plugins-linux-amd64-v1.9.1.tgz',
  ];
  const files = paths.map((path) => ({ path, size: 1, sha256: '0'.repeat(64), arch: 'amd64' as const }));
  return {
    apiVersion: 'kboot.dev/v1',
    kind: 'Bundle',
    directory: '/b',
    kubernetesVersion: 'v1.36.2',
    files,
    images: [],
  };
}

describe('the flags of etcd', () => {
  it.each([
    ['external-etcd', undefined],
    ['external-etcd', '3.6.8'],
    ['ha', undefined],
    // A static Pod runs the release's image, whatever archive is in the bundle.
    ['ha', '3.5.30'],
  ])("%s with a bundle's etcd %s: those of 3.6", (inventory, etcd) => {
    const text = startsWith(inventory, etcd);
    expect(text).toContain('--feature-gates=InitialCorruptCheck=true');
    expect(text).not.toContain('--experimental');
  });

  it('are those of 3.5 if the hosts get 3.5 from the bundle: it refuses the others', () => {
    const text = startsWith('external-etcd', '3.5.30');
    expect(text).toContain('--experimental-initial-corrupt-check=true');
    expect(text).toContain('--experimental-watch-progress-notify-interval=5s');
    expect(text).not.toMatch(/--feature-gates|--watch-progress/);
  });
});
