import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { HostsText } from '../../src/inventory/hosts-from.ts';
import { parseInventory, type ParseResult } from '../../src/inventory/parse.ts';
import { formatDiagnostic } from '../../src/model/diagnostic.ts';
import { inventoryWith, optionsFor } from '../samples/inventory-options.ts';

const hosts = [
  { name: 'cp-1', roles: ['control-plane'], address: '10.0.0.11', ssh: { user: 'ops', port: null } },
  { name: 'w-1', roles: ['worker'], address: '10.0.0.21', labels: { zone: 'a', rack: null }, taints: null },
];
const without = inventoryWith().replace(/ {2}hosts:[\s\S]*/, '  hostsFrom: { file: hosts.json }\n');

function parse(found: HostsText, inventory = without): ParseResult {
  return parseInventory(inventory, { ...optionsFor('prod.yaml'), readHosts: () => found });
}
const ofList = (list: unknown): ParseResult => parse({ text: JSON.stringify(list, null, 2) });
const problems = ({ diagnostics }: ParseResult): readonly string[] => diagnostics.map(formatDiagnostic);

describe('spec.hostsFrom', () => {
  it('has the hosts as spec.hosts would have them; null is not set', () => {
    const { cluster, record } = ofList(hosts);
    expect(cluster?.hostsFrom).toBe('hosts.json');
    const inline = parseInventory(
      without.replace(
        'hostsFrom: { file: hosts.json }',
        `hosts: ${JSON.stringify(hosts).replaceAll(/,?"\w+":null/g, '')}`,
      ),
      optionsFor('prod.yaml'),
    );
    expect(inline.diagnostics).toEqual([]);
    expect({ ...cluster, hostsFrom: undefined }).toEqual({ ...inline.cluster, hostsFrom: undefined });
    expect(record).toEqual(inline.record);
  });

  it('reports problems of hosts in the file, with their line there', () => {
    expect(problems(ofList([...hosts, { ...hosts[1], name: 'w-2', lables: {} }]))).toEqual([
      "hosts.json:30:16: spec.hosts[2].address 10.0.0.21 is already w-1's (line 18)",
      'hosts.json:36:5: unknown key "lables" in spec.hosts[2]; did you mean "labels"?',
    ]);
  });

  it.each<[string, HostsText, string]>([
    [
      'no file',
      { problem: 'does not exist' },
      'prod.yaml:6:22: spec.hostsFrom.file hosts.json does not exist',
    ],
    ['no JSON', { text: '[{' }, 'hosts.json:1:3: the file is cut off'],
    ['no list', { text: '{"a": 1}' }, 'hosts.json:1:1: must be a list of hosts, in the form of spec.hosts'],
    [
      'all outputs',
      { text: '{"kboot_hosts": {"value": []}}' },
      'hosts.json:1:1: must be a list of hosts: save what `terraform output -json kboot_hosts` prints',
    ],
    ['no hosts', { text: '[]' }, 'hosts.json:1:1: spec.hosts must list at least one host'],
  ])('%s is one problem', (_name, found, message) => {
    const found_ = problems(parse(found));
    expect(found_).toHaveLength(1);
    expect(found_[0]).toContain(message);
  });

  it('cannot be beside spec.hosts', () => {
    expect(problems(parse({ text: '[]' }, inventoryWith(['hostsFrom: { file: hosts.json }'])))).toEqual([
      'prod.yaml:6:14: spec.hostsFrom cannot be combined with spec.hosts; keep one of them',
    ]);
  });

  it('any text: a cluster, or problems with places', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.json(),
          fc.json().map((text) => `[${text}]`),
          fc.string(),
        ),
        (text) => {
          const { cluster, diagnostics } = parse({ text });
          if (cluster === undefined) expect(diagnostics.length).toBeGreaterThan(0);
          for (const { line, column } of diagnostics) expect(Math.min(line, column)).toBeGreaterThan(0);
        },
      ),
    );
  });
});
