import { expect, it } from 'vitest';
import { desireHost } from '../../src/desire/host.ts';
import { secretBytes, statedSecrets } from '../../src/desire/secrets.ts';
import type { Cluster } from '../../src/model/cluster.ts';
import { sha256 } from '../../src/model/digest.ts';
import { unissued } from '../samples/desire.ts';
import { facts, firstHost, single } from '../samples/text.ts';

const password = 'correct-horse';
const auth = { username: 'u', password };
const plugins = { 'io.containerd.cri.v1.images': { registry: { configs: { 'r.example': { auth } } } } };
const cluster: Cluster = single({ containerd: { config: { plugins } } });

it('a resource has only the digest of a text with a stated secret; the bytes are found by its name', () => {
  const desire = unissued(cluster);
  const resources = desireHost(desire, firstHost(cluster), facts);
  expect(JSON.stringify(resources)).not.toContain(password);
  const config = resources.find(
    (each) => each.kind === 'file' && each.path === '/etc/containerd/config.toml',
  );
  if (config?.kind !== 'file' || config.content.kind !== 'secret') throw new Error('not a secret');
  const text = secretBytes(desire).get(config.content.name)?.toString() ?? '';
  expect(text).toContain(password);
  expect(config).toMatchObject({ mode: '600', content: { digest: sha256(text) } });
});

it('nothing is secret where nothing secret is stated', () => {
  expect(statedSecrets(unissued(single()))).toEqual(new Map());
});
