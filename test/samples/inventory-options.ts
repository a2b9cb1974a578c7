import { componentCatalog } from '../../src/catalog/components.ts';
import { knownVersions } from '../../src/catalog/release.ts';
import type { ParseOptions } from '../../src/inventory/parse.ts';

/** Options that do not depend on this machine. */
export function optionsFor(file: string, env: ParseOptions['env'] = {}): ParseOptions {
  return {
    file,
    env,
    homeDirectory: '/home/op',
    knownVersions: knownVersions(),
    components: componentCatalog,
    defaultUser: 'op',
  };
}

/** A small valid inventory; `spec` and `host` are lines added to spec and to the worker. */
export function inventoryWith(spec: readonly string[] = [], host: readonly string[] = []): string {
  return [
    'apiVersion: kboot.dev/v1',
    'kind: Cluster',
    'metadata: {name: test}',
    'spec:',
    '  kubernetesVersion: v1.36.2',
    ...spec.map((line) => `  ${line}`),
    '  hosts:',
    '    - {name: cp-1, roles: [control-plane], address: 10.0.0.11}',
    '    - name: w-1',
    '      roles: [worker]',
    ...(host.some((line) => /^(address|ssh):/.test(line)) ? [] : ['      address: 10.0.0.21']),
    ...host.map((line) => `      ${line}`),
    '',
  ].join('\n');
}
