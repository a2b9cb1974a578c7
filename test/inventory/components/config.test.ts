import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { componentCatalog } from '../../../src/catalog/components.ts';
import { configProblems } from '../../../src/inventory/components/config.ts';
import { isOneEditApart, oneEdit } from './edits.ts';

type Config = Readonly<Record<string, unknown>>;
type Kind = 'KubeletConfiguration' | 'KubeProxyConfiguration';

const minors = [34, 35, 36];
const messages = (config: Config, kind: Kind = 'KubeletConfiguration', minor = 36): string[] =>
  configProblems(config, ['config'], { catalog: componentCatalog, minor, kind, isIgnored: false }).map(
    ({ path, message }) => `${path.slice(1).join('.')}: ${message}`,
  );

const read = (url: URL): Config => parse(readFileSync(url, 'utf8')) as Config;
const defaults = new URL('./defaults/', import.meta.url);
const golden = new URL('../../golden/', import.meta.url);

/** Configurations in the golden files: those of hosts, and those in ConfigMaps. */
function goldenConfigs(): Config[] {
  const files = readdirSync(golden, { recursive: true, encoding: 'utf8' }).filter((name) =>
    /config\.yaml$|configmap-kube(let-config|-proxy)\.yaml$|objects\.yaml$/.test(name),
  );
  return files
    .flatMap((name) => {
      const documents = parseAllDocuments(readFileSync(new URL(name, golden), 'utf8'));
      return documents.flatMap((document) => {
        const value = document.toJS() as Config | null;
        const data = Object.values((value?.['data'] ?? {}) as Record<string, string>);
        return [
          value,
          ...data.filter((text) => text.startsWith('apiVersion')).map((text) => parse(text) as Config),
        ];
      });
    })
    .filter((value): value is Config => /^Kube(let|Proxy)Configuration$/.test(String(value?.['kind'])));
}

describe('configProblems', () => {
  it.each(minors)('accepts the defaults that Kubernetes v1.%i itself writes', (minor) => {
    const kubelet = read(new URL(`kubelet-v1.${minor}.yaml`, defaults));
    expect(Object.keys(kubelet).length).toBeGreaterThan(70);
    expect(messages(kubelet, 'KubeletConfiguration', minor)).toEqual([]);
    const proxy = read(new URL('kube-proxy-v1.36.yaml', defaults));
    expect(messages(proxy, 'KubeProxyConfiguration', minor)).toEqual([]);
  });

  it('accepts what kboot and kubeadm write, of the golden files, for every version', () => {
    const configs = goldenConfigs();
    expect(configs.length).toBeGreaterThan(40);
    for (const config of configs)
      for (const minor of minors) expect(messages(config, config['kind'] as Kind, minor)).toEqual([]);
  });

  it('finds every field that is wrong by one character, and names the right one', () => {
    const { types } = componentCatalog.types();
    const places = placesOf('KubeletConfiguration').concat(placesOf('KubeProxyConfiguration'));
    let count = 0;
    for (const { kind, path, type } of places) {
      const fields = Object.keys(types[type] ?? {});
      for (const field of fields) {
        count++;
        fc.assert(
          fc.property(oneEdit(field), (wrong) => {
            if (fields.includes(wrong)) return;
            const [found, ...more] = messages(nested(path, { [wrong]: null }), kind);
            expect(more).toEqual([]);
            expect(found).toContain(`unknown field "${wrong}" in `);
            const suggestion = /did you mean "(.*)"\?$/.exec(found ?? '')?.[1] ?? '';
            expect(fields).toContain(suggestion);
            if (suggestion !== field) expect(isOneEditApart(wrong, suggestion)).toBe(true);
          }),
          { numRuns: 3 },
        );
      }
    }
    expect(count).toBeGreaterThan(220);
  });

  it('accepts null everywhere, since it removes a field', () => {
    for (const { kind, path, type } of placesOf('KubeletConfiguration')) {
      const fields = Object.keys(componentCatalog.types().types[type] ?? {});
      const removed = Object.fromEntries(fields.map((field) => [field, null]));
      expect(messages(nested(path, removed), kind)).toEqual([]);
    }
  });

  it('says where a field belongs that is at the wrong depth', () => {
    expect(messages({ clientCAFile: '/ca.crt' })[0]).toBe(
      'clientCAFile: unknown field "clientCAFile" in config (KubeletConfiguration of Kubernetes v1.36); it belongs in authentication.x509',
    );
    expect(messages({ authentication: { maxPods: 1 } })[0]).toContain('it belongs in KubeletConfiguration');
  });

  it('says how to state a field that it does not know', () => {
    expect(messages({ wibble: 1 })[0]).toMatch(/add ComponentConfig to spec\.preflight\.ignore$/);
  });

  it.each<[config: Config, problem: string | undefined]>([
    [{ maxPods: '200' }, 'must be a whole number, not "200" (write 200)'],
    [{ maxPods: -1 }, 'must be at least 0, not -1'],
    [{ oomScoreAdj: 1.5 }, 'must be a whole number, not 1.5'],
    [{ port: 70000 }, 'must be from 0 to 65535, not 70000'],
    [{ evictionMaxPodGracePeriod: 3e9 }, 'must be from -2147483648 to 2147483647, not 3000000000'],
    [{ podPidsLimit: -1 }, undefined],
    [{ memoryThrottlingFactor: '0.9' }, 'must be a number, not "0.9" (write 0.9)'],
    [{ failSwapOn: 'no' }, 'must be true or false, not "no"'],
    [{ clusterDomain: 1 }, 'must be a string, not the number 1 (write "1")'],
    [{ clusterDNS: '10.96.0.10' }, 'must be a list, not "10.96.0.10"'],
    [{ clusterDNS: [10] }, 'must be a string, not the number 10 (write "10")'],
    [{ authentication: [] }, 'must be a mapping, not a list'],
    [
      { authentication: { webhook: { cacheTTL: '2min' } } },
      'must be a duration such as "10s" or "1m30s", not "2min"',
    ],
    [{ syncFrequency: 10 }, 'must be a duration such as "10s" or "1m30s", not the number 10'],
    [{ syncFrequency: '1h2m3.5s' }, undefined],
    [{ syncFrequency: '0' }, undefined],
    [{ logging: { flushFrequency: 5_000_000_000, verbosity: 2 } }, undefined],
    [
      { logging: { options: { json: { infoBufferSize: '64KB' } } } },
      'must be a quantity such as "500m" or "1Gi", not "64KB"',
    ],
    [{ logging: { vmodule: [{ filePattern: 'x', verbosity: -1 }] } }, 'must be from 0 to 4294967295, not -1'],
    [{ evictionHard: { 'memory.available': '100Mi', 'nodefs.available': '10%' } }, undefined],
    [
      { evictionHard: { 'nodefs.available': 10 } },
      'must be a quantity such as "100Mi" or a percentage such as "10%", not the number 10 (write "10")',
    ],
    [
      { evictionSoftGracePeriod: { 'memory.available': '90' } },
      'must be a duration such as "10s" or "1m30s", not "90"',
    ],
    [{ systemReserved: { cpu: '500m', memory: '1Gi' } }, undefined],
    [
      { systemReserved: { cpu: 1 } },
      'must be a quantity such as "500m" or "1Gi", not the number 1 (write "1")',
    ],
    [{ reservedMemory: [{ numaNode: 0, limits: { memory: 1 } }] }, undefined],
    [{ cgroupDriver: 'systemD' }, 'must be cgroupfs or systemd, not "systemD"; did you mean "systemd"?'],
    [{ topologyManagerPolicy: '' }, undefined],
    [{ enforceNodeAllocatable: ['pod'] }, 'did you mean "pods"?'],
    [{ kind: 'KubeletConfig' }, 'must be KubeletConfiguration, not "KubeletConfig"'],
    [{ featureGates: { NodeSwap: 'on' } }, 'must be true or false, not "on"'],
  ])('checks the value of %j', (config, problem) => {
    const found = messages(config);
    if (problem === undefined) expect(found).toEqual([]);
    else {
      expect(found).toHaveLength(1);
      expect(found[0]).toContain(problem);
    }
  });

  it('checks the keys of a map that has fixed ones', () => {
    expect(messages({ evictionHard: { 'memory.availble': '100Mi' } })[0]).toContain(
      'did you mean "memory.available"?',
    );
    expect(messages({ kubeReserved: { gpu: '1' } })[0]).toContain(
      'a key in config.kubeReserved must be cpu, ephemeral-storage, memory or pid, not "gpu"',
    );
  });

  it('knows the version of a field', () => {
    expect(messages({ memoryReservationPolicy: 'None' }, 'KubeletConfiguration', 36)).toEqual([]);
    expect(messages({ memoryReservationPolicy: 'None' }, 'KubeletConfiguration', 35)[0]).toContain(
      'memoryReservationPolicy needs Kubernetes v1.36 or newer, not v1.35; remove it, or raise spec.kubernetesVersion',
    );
  });
});

interface Place {
  readonly kind: Kind;
  readonly path: readonly string[];
  readonly type: string;
}

/** Every place in a configuration that has fields; `[]` in a path is a list. */
function placesOf(kind: Kind, type: string = kind, path: readonly string[] = []): Place[] {
  const { types } = componentCatalog.types();
  const inner = Object.entries(types[type] ?? {}).flatMap(([name, facts]) => {
    const itemType = typeof facts === 'string' ? facts : facts.type;
    const own = itemType.replace(/^\[\]/, '');
    if (!Object.hasOwn(types, own)) return [];
    return placesOf(kind, own, [...path, name, ...(own === itemType ? [] : ['[]'])]);
  });
  return [{ kind, path, type }, ...inner];
}

function nested(path: readonly string[], value: Config): Config {
  return path.reduceRight<unknown>(
    (inner, step) => (step === '[]' ? [inner] : { [step]: inner }),
    value,
  ) as Config;
}
