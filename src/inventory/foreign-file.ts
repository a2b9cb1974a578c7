/** Other tools, by the apiVersion of their files. */
const tools: readonly (readonly [apiVersion: RegExp, name: string])[] = [
  [/^kubeadm\.k8s\.io\//, 'kubeadm'],
  [/^k0sctl\.k0sproject\.io\//, 'k0sctl'],
  [/^kubeone\.(k8c\.)?io\//, 'KubeOne'],
  [/^kubekey\.kubesphere\.io\//, 'KubeKey'],
  [/^kind\.x-k8s\.io\//, 'kind'],
  [/^k3d\.io\//, 'k3d'],
  [/^kops\.k8s\.io\//, 'kOps'],
  [/^cluster\.x-k8s\.io\//, 'Cluster API'],
];

/**
 * Describes a file that was made for another tool or for the Kubernetes API; undefined for one that may be meant for
 * kboot. `data` is the root of its (first) document.
 */
export function foreignFile(data: unknown): string | undefined {
  if (typeof data !== 'object' || data === null) return undefined;
  const { apiVersion, kind, ...rest } = data as Readonly<Record<string, unknown>>;
  if (typeof apiVersion === 'string') {
    const tool = tools.find(([start]) => start.test(apiVersion))?.[1];
    if (tool !== undefined) return notAnInventory(`a file for ${tool} (apiVersion ${apiVersion})`);
    const other = typeof kind === 'string' && kind !== 'Cluster' && !apiVersion.startsWith('kboot.dev/');
    return other ? notAnInventory(`a ${kind} of ${apiVersion}`) : undefined;
  }
  if (apiVersion !== undefined || kind !== undefined) return undefined;
  if (Array.isArray(rest['nodes']) && !('spec' in rest)) return notAnInventory("RKE's cluster.yml");
  return 'all' in rest && !('spec' in rest) ? notAnInventory('an Ansible inventory') : undefined;
}

/** The same for a text that is not YAML. */
export function foreignText(text: string): string | undefined {
  const first = text.split('\n').find((line) => !/^\s*([#;].*)?$/.test(line));
  return first !== undefined && /^\[[\w.:-]+\]\s*$/.test(first)
    ? notAnInventory('an INI file, such as an Ansible inventory')
    : undefined;
}

const notAnInventory = (what: string): string =>
  `this is ${what}, not a kboot inventory; \`kboot init\` writes one`;
