import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hostsCommandOf, type HostsSource, type HostsText } from '../../src/inventory/hosts-from.ts';
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
      'hosts.json:1:1: must be a list of hosts: use what `terraform output -json kboot_hosts` prints',
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

  describe('.command', () => {
    const withCommand = (source: string): string =>
      without.replace('{ file: hosts.json }', source.replaceAll('\n', ' '));
    const argv = "['./hosts.sh', '--env', 'a b', '$HOME ${X}']";

    it('is read as words, none of which is substituted, and named as a shell would take them', () => {
      const asked: HostsSource[] = [];
      const { cluster } = parseInventory(withCommand(`{ command: ${argv}, timeoutSeconds: 5 }`), {
        ...optionsFor('prod.yaml'),
        readHosts: (source) => {
          asked.push(source);
          return { text: JSON.stringify(hosts) };
        },
      });
      expect(asked).toEqual([{ command: ['./hosts.sh', '--env', 'a b', '$HOME ${X}'], timeoutSeconds: 5 }]);
      expect(cluster?.hostsFrom).toBe("./hosts.sh --env 'a b' '$HOME ${X}'");
      expect(cluster?.hosts).toHaveLength(2);
    });

    it('that fails, or prints something else, is one problem with its place', () => {
      const file = withCommand("{ command: [./hosts.sh, 'a b'] }");
      expect(problems(parse({ problem: 'ended with status 3: no login' }, file))).toEqual([
        "prod.yaml:6:25: spec.hostsFrom.command ./hosts.sh 'a b' ended with status 3: no login",
      ]);
      expect(problems(parse({ text: '[\n{"name": "cp-1",}]' }, file))[0]).toMatch(
        /^stdout of \.\/hosts\.sh 'a b':2:\d+: /,
      );
      expect(problems(parse({ text: '' }, file))[0]).toMatch(
        /^stdout of \.\/hosts\.sh 'a b':1:1: its output/,
      );
      expect(problems(parse({ text: JSON.stringify([{ ...hosts[0], lables: {} }]) }, file))).toContainEqual(
        expect.stringMatching(/^stdout of .*:1:\d+: unknown key "lables" in spec\.hosts\[0\]/),
      );
    });

    it.each([
      ['{}', 'prod.yaml:6:14: spec.hostsFrom must have either file or command'],
      ['{ file: a.json, command: [b] }', 'prod.yaml:6:14: spec.hostsFrom must have either file or command'],
      ['{ command: [] }', 'spec.hostsFrom.command must name a program'],
      ["{ command: [''] }", 'spec.hostsFrom.command must name a program'],
      ['{ command: ls }', 'spec.hostsFrom.command must be a list'],
      ['{ command: [ls, 1] }', 'spec.hostsFrom.command[1] must be'],
      ['{ command: [ls], timeoutSeconds: 0 }', 'spec.hostsFrom.timeoutSeconds must be from 1 to 3600'],
      ['{ command: [ls], shell: true }', 'unknown key "shell" in spec.hostsFrom'],
    ])('%s is one problem, and nothing is run', (source, message) => {
      const found = problems(parse({ text: '[]' }, withCommand(source)));
      expect(found.filter((each) => !each.startsWith('stdout'))).toEqual([
        expect.stringContaining(message) as unknown,
      ]);
    });

    it('of any value: a cluster, or problems', () => {
      fc.assert(
        fc.property(
          fc.record(
            {
              file: fc.oneof(fc.string(), fc.jsonValue()),
              command: fc.oneof(fc.array(fc.string()), fc.jsonValue()),
              timeoutSeconds: fc.oneof(fc.integer(), fc.jsonValue()),
            },
            { requiredKeys: [] },
          ),
          (source) => {
            const { cluster, diagnostics } = parse(
              { text: JSON.stringify(hosts) },
              withCommand(JSON.stringify(source)),
            );
            expect(cluster === undefined).toBe(diagnostics.some(({ severity }) => severity === 'error'));
          },
        ),
      );
    });

    it('is known before the inventory is checked, and only where it would be used', () => {
      const of = (text: string): unknown => hostsCommandOf(text, {});
      expect(of(withCommand(`{ command: ${argv} }`))).toEqual({
        command: ['./hosts.sh', '--env', 'a b', '$HOME ${X}'],
        timeoutSeconds: 60,
      });
      for (const none of [without, withCommand('{ command: [] }'), withCommand('{ file: a, command: [b] }')])
        expect(of(none)).toBeUndefined();
      expect(of(inventoryWith(['hostsFrom: { command: [ls] }']))).toBeUndefined();
      expect(of('hostsFrom: [')).toBeUndefined();
    });
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
