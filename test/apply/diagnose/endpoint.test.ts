import { describe, expect, it } from 'vitest';
import { endpointLine } from '../../../src/apply/diagnose/endpoint.ts';
import { diagnose, type DiagnoseAccess } from '../../../src/apply/diagnose/index.ts';
import type { Reader } from '../../../src/transport/types.ts';
import { fakeKube } from '../../samples/diagnose.ts';

const condition = { kind: 'endpoint', address: 'api.example', port: 443 } as const;

/** Hosts that return the same output for every script. */
function access(
  outputs: Readonly<Record<string, string>>,
  more: Partial<DiagnoseAccess> = {},
): DiagnoseAccess {
  const connections = new Map(
    Object.entries(outputs).map(([name, stdout]) => {
      const read = (): ReturnType<Reader['read']> => Promise.resolve({ stdout, stderr: '', exitCode: 0 });
      return [name, { reader: { host: name, read } as unknown as Reader }];
    }),
  );
  return {
    connections,
    apiHosts: [{ host: 'cp-1' }],
    kube: () => Promise.resolve(fakeKube({ '/readyz': 'ok' })),
    ...more,
  };
}

const refused = 'endpointAddress=10.0.0.9\nendpointTcp=refused\n';

describe('an endpoint without a responding API server', () => {
  it('shows its resolution and connections on hosts, workers first, and that the API is ready', async () => {
    const outputs = {
      'cp-1': refused,
      'w-1': refused,
      'w-2': 'endpointTcp=lost no answer in 4 s\n',
      'w-3': refused,
    };
    expect((await diagnose(condition, access(outputs))).split('\n')).toEqual([
      'from w-1: api.example resolves to 10.0.0.9; api.example:443 refuses connections',
      'from w-2: api.example does not resolve; a connection to api.example:443 fails: no answer in 4 s',
      'from w-3: api.example resolves to 10.0.0.9; api.example:443 refuses connections',
      'bypassing the endpoint, an API server is ready: check DNS, the load balancer and the firewalls in front of it',
    ]);
  });

  it('reports that the API servers do not respond either, with their logs', async () => {
    const down = access({ 'cp-1': refused }, { kube: () => Promise.reject(new Error('refused')) });
    expect((await diagnose(condition, down)).split('\n').slice(1, 3)).toEqual([
      'bypassing the endpoint, no API server is ready either: refused',
      'there is no kube-apiserver log on cp-1',
    ]);
  });

  it('passes only valid addresses to a shell', async () => {
    const text = await diagnose({ ...condition, address: "x'; reboot; '" }, access({ 'w-1': '' }));
    expect(text).toContain("x'; reboot; ' is not an address or a host name");
  });
});

it.each([
  ['10.0.0.9', { addresses: [], tcp: 'open', why: '' }, '10.0.0.9:443 accepts connections'],
  ['fd00::9', { addresses: ['fd00::9'], tcp: 'refused', why: '' }, '[fd00::9]:443 refuses connections'],
  ['a.b', undefined, 'a.b:443 could not be probed'],
] as const)('%s, %j: %s', (address, seen, line) => {
  expect(endpointLine(address, 443, seen)).toBe(line);
});
