import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, type TestContext } from 'vitest';
import { haproxyFiles } from '../../../src/desire/text/haproxy.ts';
import { keepalivedFiles } from '../../../src/desire/text/keepalived.ts';
import type { HostText } from '../../../src/desire/text/types.ts';
import { parseInventory } from '../../../src/inventory/parse.ts';
import { loadBalancerHosts, type Cluster, type Host } from '../../../src/model/cluster.ts';
import { KbootError } from '../../../src/model/error.ts';
import { assumedFacts } from '../../../src/model/facts.ts';
import { optionsFor } from '../../samples/inventory-options.ts';
import { contextOf, firstHost, found, ha, host, single } from '../../samples/text.ts';

const loadBalancer = { virtualIP: '10.0.0.100', port: 8443, virtualRouterID: 51 };
const onEth0 = { interface: 'eth0' };

const balanced = (more: Partial<Cluster> = {}): Cluster => ({ ...ha(), loadBalancer, ...more });
const onIPv6 = (): Cluster =>
  balanced({
    loadBalancer: { ...loadBalancer, virtualIP: 'fd00::100' },
    hosts: [1, 2].map((n) =>
      host(`cp-${n}`, `10.0.0.1${n}`, ['control-plane'], { secondAddress: `fd00::1${n}` }),
    ),
  });

function haproxyConfig(cluster: Cluster): string {
  return found(haproxyFiles(contextOf(cluster), assumedFacts)[0]).text;
}

function keepalived(cluster: Cluster, on: Host = firstHost(cluster), facts = onEth0): readonly HostText[] {
  return keepalivedFiles(contextOf(cluster), on, facts);
}

function textOf(files: readonly HostText[], name: string): string {
  return found(files.find(({ path }) => path.endsWith(`/${name}`))).text;
}

const keepalivedConfig = (cluster: Cluster, on?: Host): string =>
  textOf(keepalived(cluster, on), 'keepalived.conf');

const priorities = (cluster: Cluster): number[] =>
  loadBalancerHosts(cluster).map((on) => Number(/priority (\d+)/.exec(keepalivedConfig(cluster, on))?.[1]));

describe('the files of inventories/ha.yaml', () => {
  const golden = (name: string): string =>
    readFileSync(new URL(`../../golden/load-balancer/${name}`, import.meta.url), 'utf8');
  const inventory = new URL('../../../inventories/ha.yaml', import.meta.url);
  const cluster = found(
    parseInventory(readFileSync(inventory, 'utf8'), optionsFor('/repo/inventories/ha.yaml')).cluster,
  );

  it('are the golden ones', () => {
    expect(haproxyConfig(cluster)).toBe(golden('haproxy.cfg'));
    const files = keepalived(cluster, found(cluster.hosts[1]), { interface: 'eth0' });
    expect(textOf(files, 'keepalived.conf')).toBe(golden('keepalived.conf'));
    expect(textOf(files, 'kboot.conf')).toBe(golden('keepalived-drop-in.conf'));
    expect(textOf(files, 'check-haproxy')).toBe(golden('check-haproxy'));
  });

  it('are where Debian’s units read them; only the check is executable', () => {
    const files = [...haproxyFiles(contextOf(cluster), assumedFacts), ...keepalived(cluster)];
    expect(Object.fromEntries(files.map(({ path, mode }) => [path, mode.toString(8)]))).toEqual({
      '/etc/haproxy/haproxy.cfg': '644',
      '/etc/keepalived/check-haproxy': '755',
      '/etc/keepalived/keepalived.conf': '644',
      '/etc/systemd/system/keepalived.service.d/kboot.conf': '644',
    });
  });
});

describe('load balancers', () => {
  it('are the hosts of the role, or else the control planes; none without spec.loadBalancer', () => {
    const names = (cluster: Cluster): string[] => loadBalancerHosts(cluster).map(({ name }) => name);
    const lb = host('lb-1', '10.0.0.31', ['load-balancer']);
    expect(names(balanced())).toEqual(['cp-1', 'cp-2', 'cp-3']);
    expect(names(balanced({ hosts: [...ha().hosts, lb] }))).toEqual(['lb-1']);
    expect(names(ha())).toEqual([]);
    expect(haproxyFiles(contextOf(ha()), assumedFacts)).toEqual([]);
    expect(keepalived(ha())).toEqual([]);
  });

  it('forward to every API server, also from a dedicated host', () => {
    const lb = host('lb-1', '10.0.0.31', ['load-balancer']);
    const config = haproxyConfig(balanced({ hosts: [...ha().hosts, lb] }));
    expect(config.match(/^ {4}server .*$/gm)).toEqual([
      '    server cp-1 10.0.0.11:6443',
      '    server cp-2 10.0.0.12:6443',
      '    server cp-3 10.0.0.13:6443',
    ]);
    expect(config).toContain('bind *:8443\n');
  });

  it('communicate only with each other, each from its own address', () => {
    const config = keepalivedConfig(balanced(), found(ha().hosts[2]));
    expect(config).toContain('unicast_src_ip 10.0.0.13\n');
    expect(/unicast_peer \{([^}]*)\}/.exec(config)?.[1]?.trim().split(/\s+/)).toEqual([
      '10.0.0.11',
      '10.0.0.12',
    ]);
  });

  it('have no peers if there is only one', () => {
    const cluster = single({ loadBalancer });
    expect(keepalivedConfig(cluster)).not.toContain('unicast');
  });

  it('accept VRRP from each other only, and from nobody if there is only one, if the cluster says so', () => {
    const peersOf = (cluster: Cluster): string[] =>
      /unicast_peer \{\n([^}]*)\n *\}\n *check_unicast_src\n/
        .exec(keepalivedConfig(cluster))?.[1]
        ?.split('\n')
        .map((text) => text.trim()) ?? [];
    const strict = (cluster: Cluster): Cluster => ({
      ...cluster,
      security: { ...cluster.security, vrrp: 'peers' },
    });
    expect(peersOf(strict(balanced()))).toEqual(['10.0.0.12 min_ttl 255', '10.0.0.13 min_ttl 255']);
    // Without peers, keepalived joins the multicast group and yields to any stranger there.
    expect(peersOf(strict(single({ loadBalancer })))).toEqual(['127.0.0.1 min_ttl 255']);
    const [first] = onIPv6().hosts;
    expect(peersOf(strict({ ...onIPv6(), hosts: first === undefined ? [] : [first] }))).toEqual([
      '::1 min_ttl 255',
    ]);
  });

  it('have a priority by position, which an appended host does not change', () => {
    const many = (count: number): Cluster =>
      balanced({
        hosts: Array.from({ length: count }, (_, n) => host(`h-${n}`, `10.0.1.${n + 1}`, ['control-plane'])),
      });
    expect(priorities(many(3))).toEqual([250, 230, 210]);
    expect(priorities(many(4)).slice(0, 3)).toEqual(priorities(many(3)));
    for (const count of [12, 13, 60]) {
      const all = priorities(many(count));
      expect(all.every((value) => value >= 1 && value <= 254)).toBe(true);
      expect(new Set(all).size).toBe(count);
    }
  });

  it('prefer the interface in the inventory to the one of the address', () => {
    const stated = balanced({ loadBalancer: { ...loadBalancer, interface: 'bond0.7' } });
    expect(keepalivedConfig(stated)).toContain('10.0.0.100/32 dev bond0.7\n');
    expect(keepalivedConfig(stated)).not.toContain('eth0\n');
    expect(keepalivedConfig(balanced())).toContain('interface eth0\n');
  });

  it('use the family of the virtual IP', () => {
    expect(keepalivedConfig(onIPv6())).toMatch(
      /unicast_src_ip fd00::11\n[^]*fd00::12\n[^]*fd00::100\/128 dev/,
    );
    expect(haproxyConfig(onIPv6())).toContain('bind [::]:8443 v6only\n');
    expect(haproxyConfig({ ...onIPv6(), hosts: [host('a', 'fd00::11', ['control-plane'])] })).toContain(
      'server a [fd00::11]:6443\n',
    );
    expect(textOf(keepalived(onIPv6()), 'kboot.conf')).toContain('flush to fd00::100/128\n');
    const onlyIPv4 = balanced({ loadBalancer: { ...loadBalancer, virtualIP: 'fd00::100' } });
    const second = found(onlyIPv4.hosts[1]);
    expect(() => keepalived(onlyIPv4, second)).toThrow(/cp-2 has no IPv6 address/);
  });

  it('refuse what would break out of a line', () => {
    for (const evil of ['eth0 }', 'eth0\n}', 'a#b', '"x"', '$(id)', "a'b", 'a{b', '']) {
      const stated = balanced({ loadBalancer: { ...loadBalancer, interface: evil } });
      expect(() => keepalived(stated), JSON.stringify(evil)).toThrow(KbootError);
      expect(() => keepalived(balanced(), undefined, { interface: evil })).toThrow(KbootError);
      const virtualIP = balanced({ loadBalancer: { ...loadBalancer, virtualIP: `10.0.0.100${evil}` } });
      if (evil !== '') expect(() => keepalived(virtualIP)).toThrow(KbootError);
      const named = balanced({ hosts: [host(evil, '10.0.0.11', ['control-plane'])] });
      expect(() => haproxyConfig(named)).toThrow(KbootError);
      expect(() => keepalived(named)).toThrow(KbootError);
    }
  });
});

describe('the programs themselves', () => {
  const [realInterface] = Object.entries(networkInterfaces()).flatMap(([name, addresses]) =>
    addresses?.every(({ internal }) => !internal) === true ? [name] : [],
  );
  let dir = '';
  beforeAll(() => {
    dir = mkdtempSync(join(tmpdir(), 'kboot-lb-'));
  });
  afterAll(() => {
    rmSync(dir, { recursive: true, force: true });
  });

  function need(context: TestContext, program: string): void {
    const missing = spawnSync(program, ['-v']).error !== undefined;
    context.skip(missing, `${program} is not installed: its judgement of kboot's configuration is unknown`);
  }

  /** Output of `haproxy -c` for a configuration; '' means no errors or warnings. */
  function haproxySays(text: string): string {
    const file = join(dir, 'haproxy.cfg');
    writeFileSync(file, text);
    const { status, stdout, stderr } = spawnSync('haproxy', ['-c', '-q', '-f', file], { encoding: 'utf8' });
    return status === 0 ? `${stdout}${stderr}` : `exit ${status}: ${stderr}`;
  }

  function keepalivedSays(cluster: Cluster, edit = (text: string): string => text): string {
    const files = keepalived(cluster, undefined, { interface: found(realInterface) });
    const [config, log, check] = ['keepalived.conf', 'log', 'check-haproxy'].map((name) => join(dir, name));
    writeFileSync(found(check), textOf(files, 'check-haproxy'), { mode: 0o755 });
    const text = textOf(files, 'keepalived.conf').replace('/etc/keepalived/check-haproxy', found(check));
    writeFileSync(found(config), edit(text));
    writeFileSync(found(log), '');
    const { status } = spawnSync('keepalived', [`--config-test=${log}`, '-f', found(config)]);
    const said = readFileSync(found(log), 'utf8');
    return status === 0 ? said : `exit ${status}: ${said}`;
  }

  it('haproxy accepts its configuration without a warning', (context) => {
    need(context, 'haproxy');
    for (const cluster of [balanced(), onIPv6(), single({ loadBalancer })]) {
      expect(haproxySays(haproxyConfig(cluster))).toBe('');
    }
    expect(haproxySays(haproxyConfig(balanced()).replace('balance leastconn', 'balance fairly'))).toMatch(
      /^exit 1/,
    );
  });

  it('keepalived accepts its configuration without a warning', (context) => {
    need(context, 'keepalived');
    context.skip(process.getuid?.() !== 0, 'keepalived tests a configuration only as root');
    context.skip(realInterface === undefined, 'keepalived needs an interface other than loopback');
    for (const cluster of [balanced(), onIPv6(), single({ loadBalancer })]) {
      expect(keepalivedSays(cluster)).toBe('');
    }
    expect(keepalivedSays(balanced(), (text) => text.replace('advert_int', 'advert'))).toMatch(
      /Unknown keyword 'advert'/,
    );
  });
});

describe('the check of haproxy', () => {
  const servers: Server[] = [];
  afterAll(() => {
    for (const server of servers) server.close();
  });

  /** Exit status of the check against a server with this response; undefined: nothing listens. */
  async function check(answer: ((socket: Socket) => void) | undefined): Promise<number | null> {
    const server = createServer((socket) => {
      socket.on('error', () => undefined);
      answer?.(socket);
    });
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    if (answer === undefined) await new Promise((resolve) => server.close(resolve));
    const script = contextOf(single()).renderer.render('load-balancer/check-haproxy.hbs', {
      healthPort: port,
    });
    const child = spawn('bash', ['-c', script], { stdio: 'ignore' });
    return new Promise((resolve) => child.on('exit', resolve));
  }

  it('succeeds only on an answer of 200', async () => {
    expect(await check((socket) => socket.end('HTTP/1.0 200 OK\r\n\r\n'))).toBe(0);
    expect(await check((socket) => socket.end('HTTP/1.0 503 Service Unavailable\r\n\r\n'))).not.toBe(0);
    expect(await check((socket) => socket.end())).not.toBe(0);
    expect(await check(undefined)).not.toBe(0);
  });

  it('does not wait for a haproxy that hangs', async () => {
    const open: Socket[] = [];
    expect(await check((socket) => open.push(socket))).not.toBe(0);
    for (const socket of open) socket.destroy();
  });
});
