import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { kubeObjects } from '../../../src/desire/text/kube-objects.ts';
import { metallbImages } from '../../../src/catalog/images.ts';
import { release } from '../../../src/catalog/release.ts';
import { metallbObjects } from '../../../src/desire/text/metallb.ts';
import type { KubeObject } from '../../../src/desire/text/types.ts';
import type { Cluster, JsonObject } from '../../../src/model/cluster.ts';
import { contextOf, found, single } from '../../samples/text.ts';

const pools = [
  { name: 'default', addresses: ['10.0.0.200-10.0.0.220', 'fd00::200/120'] },
  { name: 'second', addresses: ['10.0.1.0/28'] },
];
const withPools = (more: Partial<Cluster> = {}): Cluster => single({ metallb: { pools }, ...more });
const objects = metallbObjects(contextOf(withPools()));

function system(kind: string, name: string): KubeObject {
  return found(objects.system.find((each) => each.kind === kind && each.metadata.name === name));
}

describe('MetalLB', () => {
  it('is not installed without pools', () => {
    expect(metallbObjects(contextOf(single()))).toEqual({ system: [], pools: [] });
    expect(metallbObjects(contextOf(single({ metallb: { pools: [] } })))).toEqual({ system: [], pools: [] });
  });

  it('announces the configured pools in layer 2, and no others', () => {
    const metadata = (name: string): object => ({
      labels: { 'app.kubernetes.io/managed-by': 'kboot' },
      name,
      namespace: 'metallb-system',
    });
    const apiVersion = 'metallb.io/v1beta1';
    expect(objects.pools).toEqual([
      ...pools.map(({ name, addresses }) => ({
        apiVersion,
        kind: 'IPAddressPool',
        metadata: metadata(name),
        spec: { addresses },
      })),
      {
        apiVersion,
        kind: 'L2Advertisement',
        metadata: metadata('kboot'),
        spec: { ipAddressPools: ['default', 'second'] },
      },
    ]);
  });

  it('announces a pool as configured, and no BGP-only pool by layer 2', () => {
    const router = {
      myASN: 64512,
      peerASN: 4_200_000_000,
      peerAddress: '10.0.0.1',
      peerPort: 1179,
      sourceAddress: '10.0.0.11',
      routerID: '10.0.0.11',
      holdTime: '30s',
      ebgpMultiHop: true,
    };
    const bgp = metallbObjects(
      contextOf(
        single({
          metallb: {
            pools: [
              { name: 'routed', addresses: ['10.0.1.0/28'], advertise: 'bgp' },
              { name: 'both', addresses: ['10.0.2.0/28'], advertise: 'both' },
              { name: 'local', addresses: ['10.0.3.0/28'], advertise: 'l2' },
            ],
            bgpPeers: [
              {
                name: 'tor',
                ...router,
                nodeSelectors: [
                  {
                    matchLabels: { 'example.com/rack': '1', on: 'yes' },
                    matchExpressions: [
                      { key: 'zone', operator: 'In', values: ['a', '1e3'] },
                      { key: 'gpu', operator: 'DoesNotExist', values: [] },
                    ],
                  },
                  { matchLabels: { zone: 'b' }, matchExpressions: [] },
                ],
                passwordSecret: 'tor',
              },
              { name: 'plain', myASN: 64512, peerASN: 64513, peerAddress: 'fd00::1', nodeSelectors: [] },
            ],
            bgpAdvertisements: [
              {
                name: 'wide',
                ipAddressPools: ['routed', 'both'],
                peers: ['tor'],
                aggregationLength: 24,
                localPref: 100,
                communities: ['64512:100'],
                nodeSelectors: [{ matchLabels: { zone: 'b' }, matchExpressions: [] }],
              },
            ],
          },
        }),
      ),
    ).pools;
    const spec = (kind: string, name: string): unknown =>
      found(bgp.find((each) => each.kind === kind && each.metadata.name === name))['spec'];
    expect(spec('L2Advertisement', 'kboot')).toEqual({ ipAddressPools: ['both', 'local'] });
    expect(spec('BGPPeer', 'tor')).toEqual({
      ...router,
      nodeSelectors: [
        {
          matchLabels: { 'example.com/rack': '1', on: 'yes' },
          matchExpressions: [
            { key: 'zone', operator: 'In', values: ['a', '1e3'] },
            { key: 'gpu', operator: 'DoesNotExist' },
          ],
        },
        { matchLabels: { zone: 'b' } },
      ],
      passwordSecret: { name: 'tor' },
    });
    expect(spec('BGPPeer', 'plain')).toEqual({ myASN: 64512, peerASN: 64513, peerAddress: 'fd00::1' });
    expect(spec('BGPAdvertisement', 'wide')).toEqual({
      ipAddressPools: ['routed', 'both'],
      peers: ['tor'],
      aggregationLength: 24,
      localPref: 100,
      communities: ['64512:100'],
      nodeSelectors: [{ matchLabels: { zone: 'b' } }],
    });
  });

  it('has no L2Advertisement if every pool is BGP-only: an empty one would cover all pools', () => {
    const routed = { name: 'routed', addresses: ['10.0.1.0/28'], advertise: 'bgp' as const };
    const kinds = metallbObjects(contextOf(single({ metallb: { pools: [routed] } }))).pools.map(
      ({ kind }) => kind,
    );
    expect(kinds).toEqual(['IPAddressPool']);
  });

  it('has AS numbers in a form that the API server of v1.36 accepts: no int32 with a larger maximum', () => {
    const wrong: string[] = [];
    const walk = (value: unknown, path: string): void => {
      if (typeof value !== 'object' || value === null) return;
      const { format, maximum } = value as { format?: unknown; maximum?: unknown };
      if (format === 'int32' && typeof maximum === 'number' && maximum > 2 ** 31 - 1) wrong.push(path);
      for (const [key, child] of Object.entries(value)) walk(child, `${path}.${key}`);
    };
    for (const object of objects.system) walk(object, object.metadata.name);
    expect(wrong).toEqual([]);
  });

  it('defines the kinds of its pools and everything that its programs watch', () => {
    const crds = objects.system.filter(({ kind }) => kind === 'CustomResourceDefinition');
    expect(objects.system.slice(0, crds.length)).toEqual(crds);
    const kinds = crds.map(({ spec }) => (spec as { names: { kind: string } }).names.kind).sort();
    expect(kinds).toEqual(
      [
        ...['BFDProfile', 'BGPAdvertisement', 'BGPPeer', 'Community', 'ConfigurationState'],
        ...['IPAddressPool', 'L2Advertisement', 'ServiceBGPStatus', 'ServiceL2Status'],
      ].sort(),
    );
    expect(kinds).toEqual(expect.arrayContaining(objects.pools.map(({ kind }) => kind)));
    for (const { spec } of crds) {
      const { versions } = spec as { versions: { storage: boolean; schema: object }[] };
      expect(versions.filter(({ storage }) => storage)).toHaveLength(1);
      expect(versions.every(({ schema }) => 'openAPIV3Schema' in schema)).toBe(true);
    }
  });

  it('contains no secret, and leaves to the controller what the controller writes', () => {
    expect(objects.system.filter(({ kind }) => kind === 'Secret')).toEqual([
      {
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: { name: 'metallb-webhook-cert', namespace: 'metallb-system' },
      },
    ]);
    expect(JSON.stringify(objects.system)).not.toContain('caBundle');
    expect(JSON.stringify(system('Deployment', 'controller'))).toContain(
      '{"name":"METALLB_ML_SECRET_NAME","value":"memberlist"}',
    );
  });

  it('has every object that another one refers to', () => {
    const ids = new Set(objects.system.map(({ kind, metadata }) => `${kind} ${metadata.name}`));
    expect(ids.size).toBe(objects.system.length);
    for (const { kind, roleRef, subjects } of objects.system as (KubeObject & {
      roleRef?: { kind: string; name: string };
      subjects?: { kind: string; name: string }[];
    })[]) {
      if (!kind.endsWith('Binding')) continue;
      for (const { kind: named, name } of [found(roleRef), ...found(subjects)]) {
        expect(ids).toContain(`${named} ${name}`);
      }
    }
    for (const object of [...objects.system, ...objects.pools]) {
      const global = /^(Namespace|Cluster.*|CustomResourceDefinition|ValidatingWebhookConfiguration)$/;
      expect(object.metadata.namespace, object.metadata.name).toBe(
        global.test(object.kind) ? undefined : 'metallb-system',
      );
    }
    const { webhooks } = system(
      'ValidatingWebhookConfiguration',
      'metallb-webhook-configuration',
    ) as unknown as {
      webhooks: { clientConfig: { service: { name: string } } }[];
    };
    for (const { clientConfig } of webhooks) expect(ids).toContain(`Service ${clientConfig.service.name}`);
  });

  it('takes its images from another repository', () => {
    expect(metallbImages(release('v1.36.2'), 'registry.k8s.io').speaker).toBe(
      'quay.io/metallb/speaker:v0.15.3',
    );
    expect(metallbImages(release('v1.36.2'), 'registry.example/k8s').controller).toBe(
      'registry.example/k8s/metallb/controller:v0.15.3',
    );
    const elsewhere = metallbObjects(contextOf(withPools({ imageRepository: 'registry.example/k8s' })));
    expect(JSON.stringify(elsewhere)).not.toContain('quay.io');
  });

  it('treats names and ranges as values, whatever they contain', () => {
    for (const evil of ['a: b', "it's", '"', 'a\n---\nkind: Secret', '{{x}}', '[', '1e3', '']) {
      const context = contextOf(single({ metallb: { pools: [{ name: evil, addresses: [evil] }] } }));
      const [pool, advertisement, ...more] = metallbObjects(context).pools;
      expect(found(pool).metadata.name).toBe(evil);
      expect(found(pool)['spec']).toEqual({ addresses: [evil] });
      expect(found(advertisement)['spec']).toEqual({ ipAddressPools: [evil] });
      expect(more).toEqual([]);
    }
  });
});

describe('kube-proxy in IPVS mode', () => {
  const ipvs = (config: JsonObject): unknown => {
    const all = kubeObjects(contextOf(single({ kubeProxy: { config } })), { caPem: 'CA' });
    const map = found(
      all.find(({ kind, metadata }) => kind === 'ConfigMap' && metadata.name === 'kube-proxy'),
    );
    const conf = parse((map['data'] as Record<string, string>)['config.conf'] ?? '') as JsonObject;
    return (conf['ipvs'] as JsonObject | undefined)?.['strictARP'];
  };

  it('answers ARP for its own addresses only, unless configured otherwise', () => {
    expect(ipvs({ mode: 'ipvs' })).toBe(true);
    expect(ipvs({ mode: 'ipvs', ipvs: { scheduler: 'rr' } })).toBe(true);
    expect(ipvs({ mode: 'ipvs', ipvs: { strictARP: false } })).toBe(false);
    expect(ipvs({ mode: 'nftables' })).toBe(false);
    expect(ipvs({})).toBe(false);
  });
});
