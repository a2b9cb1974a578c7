import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { stepLines } from '../lab/kboot.ts';
import type { KbootEvent, KbootOptions, KbootResult, SiteHost, SiteSpec } from '../lab/kboot.ts';
import { output } from '../lab/traces.ts';
import { clusterSite, expectNothingToDo, hasClusterBundle, unlessSkipped } from './cluster.ts';
import type { ClusterSite } from './cluster.ts';

const file = '/etc/kubernetes/pki/encryption-config.yaml';
const value = 'the-secret-value';
const count = 40;

const shapes = {
  'one control plane': {
    id: 'enc1',
    hosts: [{ name: 'cp-1', roles: ['control-plane', 'worker'], address: '10.79.41.11' }],
    spec: { security: { profile: 'kubeadm' } },
  },
  'three control planes': {
    id: 'enc3',
    hosts: ['1', '2', '3'].map((n) => ({
      ...{ name: `cp-${n}`, roles: ['control-plane', 'worker'], address: `10.79.42.1${n}` },
    })),
    spec: {
      security: { profile: 'kubeadm' },
      loadBalancer: { virtualIP: '10.79.42.100', port: 8443, virtualRouterID: 61 },
    },
  },
} satisfies Record<string, { id: string; hosts: readonly SiteHost[]; spec: SiteSpec }>;

/** For each shape one cluster, whose tests run in order. */
describe.skipIf(!hasClusterBundle).each(Object.entries(shapes))(
  `Secrets in etcd, with %s${unlessSkipped}`,
  (_title, { id, hosts, spec }) => {
    let site: ClusterSite;
    let written = 0;

    beforeAll(async () => {
      site = await clusterSite(id, hosts, { spec });
    });

    afterAll(() => site.close());

    /** Runs kboot with this encryption; undefined: without. */
    const kboot = async (
      verb: string,
      encryption: object | undefined,
      rest: readonly string[] = [],
      options: KbootOptions = {},
    ): Promise<KbootResult> => {
      const change = { spec: { ...spec, ...(encryption && { encryption }) } };
      const inventory = await site.write(`encryption-${written++}`, change);
      return await site.kboot(verb, rest, { inventory, ...options });
    };

    /** How etcd holds the Secrets, looked at on the first host without kboot: the ways, and how many. */
    const raw = async (): Promise<Record<string, number>> => {
      const pki = '/etc/kubernetes/pki/etcd';
      const [start, end] = ['/registry/secrets/', '/registry/secrets0'].map((key) =>
        Buffer.from(key).toString('base64'),
      );
      const answer = await output(
        site.lab,
        'cp-1',
        `curl -sS --cacert ${pki}/ca.crt --cert ${pki}/healthcheck-client.crt --key ${pki}/healthcheck-client.key https://127.0.0.1:2379/v3/kv/range -d '{"key":"${start}","range_end":"${end}"}'`,
      );
      const { kvs } = JSON.parse(answer) as { kvs: readonly { key: string; value: string }[] };
      const ways: Record<string, number> = {};
      for (const each of kvs) {
        const text = Buffer.from(each.value, 'base64').toString('latin1');
        const way =
          /^k8s:enc:[^:]+:v\d:[^:]+:/.exec(text)?.[0] ?? (text.startsWith('k8s\0') ? 'plain' : 'unknown');
        ways[way] = (ways[way] ?? 0) + 1;
        if (Buffer.from(each.key, 'base64').toString().includes('/drill/s-'))
          expect(text.includes(value)).toBe(way === 'plain');
      }
      process.stderr.write(`  etcd holds Secrets as ${JSON.stringify(ways)}\n`);
      return ways;
    };

    /** Reads a Secret again and again during `action`: it is the same each time, or no API server answers. */
    const readable = async <T>(action: () => Promise<T>): Promise<T> => {
      const over = new AbortController();
      const seen = { read: 0, unanswered: 0 };
      const path = 'jsonpath={.data.value}';
      const watching = (async () => {
        for (let n = 0; !over.signal.aborted; n++) {
          const { exitCode, stdout, stderr } = await site.kubectl([
            ...['get', 'secret', '-n', 'drill', `s-${n % count}`, '-o', path],
          ]);
          if (exitCode === 0) {
            expect(Buffer.from(stdout, 'base64').toString()).toBe(value);
            seen.read++;
          } else {
            expect(stderr).not.toMatch(/transform|decrypt|no matching prefix|Internal error/i);
            seen.unanswered++;
          }
          await new Promise((resolve) => setTimeout(resolve, 500));
        }
      })();
      const result = await action().finally(() => {
        over.abort();
      });
      await watching;
      process.stderr.write(
        `  a Secret was read ${seen.read} times, ${seen.unanswered} times nothing answered\n`,
      );
      return result;
    };

    const up = async (encryption: object | undefined, options: KbootOptions = {}): Promise<KbootResult> => {
      const begun = Date.now();
      const result = await readable(() => kboot('up', encryption, ['--yes', '-o', 'json'], options));
      process.stderr.write(
        `  up: ${((Date.now() - begun) / 1000).toFixed(0)} s, ${stepLines(result).join('; ')}\n`,
      );
      return result;
    };
    const isOff = async (): Promise<string> =>
      (
        await Promise.all(
          hosts.map(({ name }) =>
            output(
              site.lab,
              name,
              `ls ${file} 2>/dev/null; grep -c encryption-provider-config /etc/kubernetes/manifests/kube-apiserver.yaml || true`,
            ),
          ),
        )
      ).join();
    const keys = async (): Promise<readonly string[]> => {
      const texts = await Promise.all(
        hosts.map(({ name }) =>
          output(site.lab, name, `stat -c %a ${file}; grep -e name: -e identity ${file}`),
        ),
      );
      return [
        ...new Set(
          texts.map((text) =>
            text
              .split(/\s+/)
              .filter((word) => word !== '-' && word !== 'name:')
              .join(' '),
          ),
        ),
      ];
    };

    test('are stored as they are at first', async () => {
      const founded = await site.kboot('up', ['--yes']);
      expect(founded, founded.stdout + founded.stderr).toMatchObject({ exitCode: 0 });
      await site.kube(['create', 'namespace', 'drill']);
      const list = Array.from({ length: count }, (_, n) => ({
        ...{ apiVersion: 'v1', kind: 'Secret', metadata: { namespace: 'drill', name: `s-${n}` } },
        stringData: { value },
      }));
      await site.kube(['create', '-f', '-'], JSON.stringify({ apiVersion: 'v1', kind: 'List', items: list }));
      expect(Object.keys(await raw())).toEqual(['plain']);
    });

    test('are encrypted: the plan says so first, without a key', async () => {
      const encryption = { provider: 'secretbox' };
      const plan = await kboot('plan', encryption);
      process.stderr.write(plan.stdout);
      const result = await up(encryption);
      expect(result, result.stdout + result.stderr).toMatchObject({ exitCode: 0 });
      expect(Object.keys(await raw())).toEqual(['k8s:enc:secretbox:v1:key1:']);
      expect(await keys()).toEqual(['600 key1 identity: {}']);
      const [key = ''] = (await output(site.lab, 'cp-1', `grep secret: ${file}`)).trim().split(' ').slice(-1);
      expect(key).toMatch(/=$/);
      for (const text of [plan.stdout, result.stdout, result.stderr]) expect(text).not.toContain(key);
      const again = await kboot('up', encryption, ['--yes', '-o', 'json']);
      expect(stepLines(again)).toEqual([]);
      expect(await kboot('drift', encryption)).toMatchObject({ exitCode: 0 });
      process.stderr.write((await kboot('status', encryption)).stdout);
    });

    test('get another key and provider, although kboot is killed on the way', async () => {
      const encryption = { provider: 'aescbc', key: 'key2' };
      const moments: readonly { ms: number; is: (event: KbootEvent) => boolean }[] = [
        {
          ms: 700,
          is: ({ type, step }) =>
            type === 'start' && step?.includes('static-pod kube-apiserver, to write') === true,
        },
        { ms: 0, is: ({ type, step }) => type === 'start' && step === 'API: rewrite secrets' },
      ];
      for (const { ms, is } of moments) {
        const killed = await up(encryption, {
          onEvent: (event, kill) => {
            if (is(event)) setTimeout(kill, ms);
          },
        });
        expect(killed.exitCode).not.toBe(0);
        await raw();
      }
      const result = await up(encryption);
      expect(result, result.stdout + result.stderr).toMatchObject({ exitCode: 0 });
      expect(Object.keys(await raw())).toEqual(['k8s:enc:aescbc:v1:key2:']);
      expect(await keys()).toEqual(['600 key2 identity: {}']);
      expect(stepLines(await kboot('up', encryption, ['--yes', '-o', 'json']))).toEqual([]);
    });

    test('are decrypted again, with a key that only the hosts have', async () => {
      const states = join(site.dir, '.kboot', id, 'encryption');
      expect((await readdir(states)).sort()).toEqual(['aescbc-key2.key', 'secretbox-key1.key']);
      await rm(states, { recursive: true });
      const result = await up(undefined);
      expect(result, result.stdout + result.stderr).toMatchObject({ exitCode: 0 });
      expect(await readdir(states)).toEqual(['aescbc-key2.key']);
      expect(Object.keys(await raw())).toEqual(['plain']);
      expect(new Set((await isOff()).split(/[\s,]+/))).toEqual(new Set(['0']));
      await expectNothingToDo(site);
    });
  },
);
