import { afterEach, describe, expect, it } from 'vitest';
import { askDns } from '../../src/verify/dns.ts';
import { startDns, text, type DnsServer, type Reply } from './dns-server.ts';

let server: DnsServer | undefined;
afterEach(() => {
  server?.close();
});

async function asking(reply: Reply, name = 'w-1.udp.verify', type: 'TXT' | 'A' | 'AAAA' = 'TXT') {
  server = await startDns(() => reply);
  return await askDns(await server.connect(), { name, type });
}

describe('askDns', () => {
  it('sends the query, and reads an answer that arrives in pieces', async () => {
    expect(await asking(text('w-1'))).toMatchObject({ status: 'NOERROR', values: ['w-1'] });
    expect(server?.asked).toEqual(['TXT w-1.udp.verify']);
  });

  it('reads an answer longer than a packet, in order, and its size', async () => {
    const padding = Array.from({ length: 16 }, () => 'x'.repeat(250));
    const { values, bytes } = await asking(text('w-1', ...padding));
    expect(values).toEqual(['w-1', ...padding]);
    expect(bytes).toBeGreaterThan(4000);
  });

  it('reads addresses of both families', async () => {
    const record = (type: 'A' | 'AAAA', data: string): Reply => ({ answers: [{ type, name: 'k', data }] });
    expect((await asking(record('A', '10.96.0.1'), 'k', 'A')).values).toEqual(['10.96.0.1']);
    expect((await asking(record('AAAA', 'fd00::1'), 'k', 'AAAA')).values).toEqual(['fd00::1']);
  });

  it('reports a refusal by its name', async () => {
    expect(await asking({ answers: [], rcode: 2 })).toMatchObject({ status: 'SERVFAIL', values: [] });
  });

  it.each(['hang up', 'half'] as const)('rejects if the answer is incomplete: %s', async (reply) => {
    await expect(asking(reply)).rejects.toThrow('ended before the answer was complete');
  });
});
