import { describe, expect, it } from 'vitest';
import { desireHost } from '../../src/desire/host.ts';
import { parseInventory } from '../../src/inventory/parse.ts';
import { assumedFacts } from '../../src/model/facts.ts';
import { unissued } from '../samples/desire.ts';
import { inventoryWith, optionsFor } from '../samples/inventory-options.ts';

const folder = '/var/lib/kubelet/pki';

/** In order: what a host is to have, and to have no longer, of files for its kubelet; and its unit. */
function wanted(...spec: readonly string[]): readonly string[] {
  const { cluster, diagnostics } = parseInventory(inventoryWith(spec), optionsFor('x.yaml'));
  const [host] = cluster?.hosts ?? [];
  if (cluster === undefined || host === undefined)
    throw new Error(diagnostics.map(({ message }) => message).join());
  return desireHost(unissued(cluster), host, assumedFacts).flatMap((want) => {
    if (want.kind === 'file' && want.path.startsWith('/var/lib/kubelet/')) return [want.path];
    if (want.kind === 'obsolete' && want.name === 'kubelet-serving')
      return want.patterns.filter((path) => !want.keep.includes(path)).map((path) => `not ${path}`);
    return want.kind === 'unit' && want.name === 'kubelet' ? ['kubelet'] : [];
  });
}

describe('what a kubelet serves', () => {
  const files = [`${folder}/kubelet-server.crt`, `${folder}/kubelet-server.key`];
  const gone = files.map((path) => `not ${path}`);
  const before = (list: readonly string[], first: string, second: string): boolean =>
    list.includes(first) && list.indexOf(first) < list.indexOf(second);

  it('is there before its configuration names it', () => {
    const list = wanted('security: {profile: baseline}');
    for (const file of files) expect(before(list, file, '/var/lib/kubelet/config.yaml')).toBe(true);
    expect(list.filter((line) => line.startsWith('not '))).toEqual([]);
  });

  it.each([
    ['requests it from the cluster', 'kubelet: {config: {serverTLSBootstrap: true}}'],
    ['makes it', 'security: {kubeletCertificates: self-signed}'],
    ["has the operator's", 'kubelet: {config: {tlsCertFile: /a.crt, tlsPrivateKeyFile: /a.key}}'],
  ])('goes once its configuration does not name it, before a kubelet that %s starts', (_how, spec) => {
    const list = wanted(spec);
    for (const file of files) expect(list).not.toContain(file);
    for (const file of gone) {
      expect(before(list, '/var/lib/kubelet/config.yaml', file)).toBe(true);
      expect(before(list, file, 'kubelet')).toBe(true);
    }
  });

  it("stays if it is the operator's in the same place", () => {
    const [crt, key] = files;
    const list = wanted(`kubelet: {config: {tlsCertFile: ${crt}, tlsPrivateKeyFile: ${key}}}`);
    expect(list.filter((line) => line.startsWith('not '))).toEqual([]);
  });
});
