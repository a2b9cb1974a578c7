import { describe, expect, it } from 'vitest';
import { pkiFiles } from '../../src/desire/pki-files.ts';
import { pathsToReadBack, readBack } from '../../src/desire/read-back.ts';
import { isNode, type Cluster } from '../../src/model/cluster.ts';
import { certificatesFor } from '../../src/pki/certlist.ts';
import { clusterIdOf } from '../../src/pki/digest.ts';
import { createPki } from '../../src/pki/lookup.ts';
import { pkiPlan, type Material } from '../../src/pki/plan.ts';
import { createRenderer } from '../../src/render/renderer.ts';
import { host, material, now, sampleCluster } from '../samples/pki.ts';

/* Whatever kboot puts on hosts becomes the same state folder again. */

type Files = Map<string, Map<string, string>>;

interface Made {
  readonly cluster: Cluster;
  readonly state: Material;
  readonly id: string;
  /** What the hosts have, as far as pathsToReadBack asks for it. */
  readonly files: Files;
}

const external = {
  endpoints: ['https://10.0.0.31:2379'],
  ...{ caFile: '/ca.crt', certFile: '/c.crt', keyFile: '/c.key' },
};
const planes = [1, 2, 3].map((n) => host(`cp-${n}`, `10.0.0.1${n}`, 'control-plane'));
const members = [1, 2, 3].map((n) => host(`e-${n}`, `10.0.0.3${n}`, 'etcd'));
const worker = host('w-1', '10.0.0.21', 'worker');
const shapes = {
  'one host': sampleCluster(),
  'three control planes': sampleCluster({ hosts: [...planes, worker] }),
  'etcd hosts': sampleCluster({ hosts: [...planes, ...members, worker] }),
  "someone else's etcd": sampleCluster({
    hosts: [...planes, worker],
    etcd: { extraArgs: [], external },
  }),
};

async function made(cluster: Cluster): Promise<Made> {
  const state = await material(cluster);
  const specs = certificatesFor(cluster);
  const pki = createPki(specs, state);
  const id = clusterIdOf(pki.signer('ca').cert);
  const withEtcd =
    cluster.etcd.external === undefined
      ? pki
      : {
          ...pki,
          trusted: (of: Parameters<typeof pki.trusted>[0]) => (of === 'etcd-ca' ? ['x'] : pki.trusted(of)),
          certificate: (...[of, on]: Parameters<typeof pki.certificate>) =>
            of === 'apiserver-etcd-client' ? { cert: '', key: '' } : pki.certificate(of, on),
          isIssued: (...[of, on]: Parameters<typeof pki.isIssued>) =>
            of === 'etcd-ca' || of === 'apiserver-etcd-client' || pki.isIssued(of, on),
        };
  const renderer = createRenderer();
  const files: Files = new Map(
    cluster.hosts.map((each) => {
      const all = new Map(
        pkiFiles(cluster, each, withEtcd, renderer).map(({ path, text }) => [path, text] as const),
      );
      all.set('/var/lib/kboot/cluster', `${id}\n`);
      if (isNode(each)) {
        const { cert, key } = pki.certificate('kubelet', each.name);
        all.set('/var/lib/kubelet/pki/kubelet-client-kboot.pem', cert + key);
      }
      const asked = pathsToReadBack(cluster, each);
      return [each.name, new Map([...all].filter(([path]) => asked.includes(path)))];
    }),
  );
  return { cluster, state, id, files };
}

const sorted = (texts: Material): [string, string][] => [...texts].sort(([a], [b]) => (a < b ? -1 : 1));
const messages = ({ cluster }: Made, files: Files): readonly string[] =>
  readBack(cluster, files).obstacles.map(({ message }) => message);
/** A copy with some files of a host replaced; undefined removes one. */
function withFiles(
  { files }: Made,
  name: string,
  change: Readonly<Record<string, string | undefined>>,
): Files {
  const copy: Files = new Map([...files].map(([key, own]) => [key, new Map(own)]));
  for (const [path, text] of Object.entries(change))
    if (text === undefined) copy.get(name)?.delete(path);
    else copy.get(name)?.set(path, text);
  return copy;
}
const pki = '/etc/kubernetes/pki';

describe.each(Object.entries(shapes))('%s', (_title, cluster) => {
  it('is read back to the byte, and nothing is left to issue', async () => {
    const site = await made(cluster);
    const found = readBack(cluster, site.files);
    expect(found.obstacles).toEqual([]);
    expect(found).toMatchObject({ clusterId: site.id, unstamped: [], missing: [] });
    expect(sorted(found.material)).toEqual(sorted(site.state));
    const { issue, problems } = pkiPlan(certificatesFor(cluster), found.material, now);
    expect({ issue, problems }).toEqual({ issue: [], problems: [] });
  });
});

describe('what stands in the way', () => {
  const site = made(shapes['three control planes']);

  it('names every control plane that has another CA or key', async () => {
    const other = await made(shapes['one host']);
    const foreign = other.files.get('cp1') ?? new Map<string, string>();
    const files = withFiles(await site, 'cp-2', {
      [`${pki}/ca.crt`]: foreign.get(`${pki}/ca.crt`),
      [`${pki}/sa.key`]: `${foreign.get(`${pki}/sa.key`) ?? ''}\n`,
    });
    expect(messages(await site, files)).toEqual([
      expect.stringMatching(/pki\/ca\.crt is not the same .*: cp-1, cp-3 \([0-9a-f]{12}\), cp-2 \(/),
      expect.stringMatching(/pki\/sa\.key is not the same/),
    ]);
  });

  it('takes a key from whichever control plane has it, and says so if none has', async () => {
    const only = withFiles(await site, 'cp-1', { [`${pki}/ca.key`]: undefined });
    expect(messages(await site, only)).toEqual([]);
    for (const name of ['cp-2', 'cp-3']) only.get(name)?.delete(`${pki}/ca.key`);
    expect(messages(await site, only)).toEqual([`${pki}/ca.key is missing on cp-1, cp-2, cp-3`]);
  });

  it('a key that does not fit, several CAs in one file, hosts of two clusters: all at once', async () => {
    const { files } = await site;
    const own = files.get('cp-1') ?? new Map<string, string>();
    const text = (path: string): string => own.get(`${pki}/${path}`) ?? '';
    const changed: Files = new Map(
      [...files].map(([name, all]) => [
        name,
        new Map(
          [...all].map(([path, was]): [string, string] => {
            if (path === `${pki}/front-proxy-ca.crt`) return [path, text('etcd/ca.crt') + text('ca.crt')];
            if (path === `${pki}/ca.key`) return [path, 'unreadable'];
            if (path === '/var/lib/kboot/cluster' && name === 'w-1')
              return [path, `sha256:${'0'.repeat(64)}`];
            return [path, was];
          }),
        ),
      ]),
    );
    const said = messages(await site, changed);
    expect(said).toHaveLength(3);
    expect(said[0]).toMatch(/belong to different clusters: cp-1 to [0-9a-f]{12}.*w-1 to 0{12}/);
    expect(said[1]).toMatch(/pki\/ca\.crt has a private key that cannot be read as PEM/);
    expect(said[2]).toMatch(/front-proxy-ca\.crt has several CAs/);
  });

  it("says where the key of etcd's CA is, on a cluster of an older kboot with etcd hosts", async () => {
    const etcd = await made(shapes['etcd hosts']);
    const files = planes.reduce(
      (all, { name }) => withFiles({ ...etcd, files: all }, name, { [`${pki}/etcd/ca.key`]: undefined }),
      etcd.files,
    );
    const [obstacle] = readBack(etcd.cluster, files).obstacles;
    expect(obstacle?.message).toMatch(/etcd\/ca\.key is on no control plane/);
    expect(obstacle?.remedy.en).toMatch(
      /Put pki\/etcd\/ca\.key .* on cp-1 as \/etc\/kubernetes\/pki\/etcd\/ca\.key/,
    );
  });
});

describe('what is only missing', () => {
  it('certificates of a host that was not read, and of one whose key does not fit', async () => {
    const site = await made(shapes['three control planes']);
    const files = withFiles(site, 'cp-2', {
      [`${pki}/apiserver.key`]: site.files.get('cp-2')?.get(`${pki}/etcd/server.key`) ?? '',
      '/etc/kubernetes/scheduler.conf': 'not: [yaml',
    });
    files.delete('cp-3');
    const { missing, obstacles, unstamped } = readBack(site.cluster, files);
    expect(obstacles).toEqual([]);
    expect(unstamped).toEqual([]);
    const other = missing.filter((path) => !path.startsWith('hosts/cp-3/'));
    expect(missing.length - other.length).toBe(10);
    expect(other.filter((path) => path !== 'hosts/cp-2/apiserver')).toEqual(['hosts/cp-2/scheduler']);
  });

  it('a host that kboot has not set up has no identity', async () => {
    const site = await made(shapes['one host']);
    const files = withFiles(site, 'cp1', { '/var/lib/kboot/cluster': undefined });
    expect(readBack(site.cluster, files)).toMatchObject({ clusterId: undefined, unstamped: ['cp1'] });
  });
});
