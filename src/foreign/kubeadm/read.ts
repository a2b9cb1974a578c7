import { readDocuments } from '../../inventory/document.ts';
import type { Path } from '../../inventory/position.ts';
import type { Role } from '../../model/cluster.ts';
import { isNodeAddress } from '../addresses.ts';
import { argumentPairs } from '../component-rules.ts';
import { ForeignDocument, unreadable } from '../problem.ts';
import { taintOf } from '../taints.ts';
import { applyRules, type TreeRules } from '../tree-rules.ts';
import type { Foreign, ForeignField, ForeignHost, SeenKey } from '../types.ts';
import { jsonOf, listOf, textOf } from '../values.ts';
import { recordOf } from '../../model/record.ts';
import { clusterRules, configRule, initRules, joinRules } from './rules.ts';
import { remedies } from '../remedies.ts';

const controlPlaneTaint = 'node-role.kubernetes.io/control-plane';
const versions = ['kubeadm.k8s.io/v1beta3', 'kubeadm.k8s.io/v1beta4'];

interface Part {
  readonly hosts: readonly ForeignHost[];
  readonly fields: readonly ForeignField[];
  readonly keys: readonly SeenKey[];
}

/**
 * What configuration of kubeadm says, of several documents in one or several files: InitConfiguration,
 * ClusterConfiguration, JoinConfiguration (v1beta3, v1beta4), KubeletConfiguration, KubeProxyConfiguration. Throws
 * KbootError E-USAGE for the first problem, with its place.
 */
export function readKubeadm(
  files: readonly { readonly file: string; readonly text: string }[],
  knownVersions: readonly string[],
): Foreign {
  const documents = files.flatMap(({ file, text }) =>
    readDocuments(text, 'the file').map((source) => new ForeignDocument(file, source)),
  );
  const [first] = documents;
  if (first === undefined)
    throw unreadable({ file: files[0]?.file ?? '', line: 1, column: 1 }, 'the file is empty');
  const seen = new Map<string, ForeignDocument>();
  const parts = documents.map((document): Part => {
    const { apiVersion, kind } = recordOf(document.data) ?? {};
    const shown = `${String(kind)} of ${String(apiVersion)}`;
    const known = seen.get(shown);
    if (known !== undefined && kind !== 'JoinConfiguration')
      throw unreadable(document.at([]), `a second ${String(kind)} begins here; one is allowed`);
    seen.set(shown, document);
    return partOf(document, String(kind), String(apiVersion), knownVersions);
  });
  const { clusterName } =
    recordOf(documents.find(({ data }) => recordOf(data)?.['kind'] === 'ClusterConfiguration')?.data) ?? {};
  const name = textOf(clusterName);
  const fields = parts.flatMap((part) => part.fields);
  const stated = fields.some(({ path }) => path[1] === 'controlPlaneEndpoint');
  return {
    what: 'configuration of kubeadm',
    ...(name !== undefined && { name }),
    hosts: parts.flatMap((part) => part.hosts),
    fields: stated ? fields : [...fields, ...documents.flatMap(joinEndpoint).slice(0, 1)],
    keys: parts.flatMap((part) => part.keys),
    guesses: [
      "the security profile is kboot's for new clusters; spec.security.profile: kubeadm hardens nothing that kubeadm does not",
    ],
  };
}

function partOf(
  document: ForeignDocument,
  kind: string,
  apiVersion: string,
  knownVersions: readonly string[],
): Part {
  const unknown = (key: string): string => `kubeadm has no such key, or this kboot does not know it: ${key}`;
  const read = (rules: TreeRules): Pick<Part, 'fields' | 'keys'> => applyRules(document, rules, unknown);
  const config = (at: 'kubelet' | 'kubeProxy'): Part => ({
    hosts: [],
    ...read(
      Object.fromEntries(Object.keys(recordOf(document.data) ?? {}).map((key) => [key, configRule(key, at)])),
    ),
  });
  if (kind === 'KubeletConfiguration' && apiVersion.startsWith('kubelet.config.k8s.io/'))
    return config('kubelet');
  if (kind === 'KubeProxyConfiguration' && apiVersion.startsWith('kubeproxy.config.k8s.io/'))
    return config('kubeProxy');
  if (!apiVersion.startsWith('kubeadm.k8s.io/'))
    throw unreadable(
      document.at([]),
      `this is ${kind === 'undefined' ? 'a document without kind' : `a ${kind} of ${apiVersion}`}, not configuration of kubeadm`,
      remedies.kubeadmFile,
    );
  if (!versions.includes(apiVersion))
    throw unreadable(
      document.at(['apiVersion']),
      `kboot reads ${versions.join(' and ')}, not ${apiVersion}`,
      remedies.migrate,
    );
  switch (kind) {
    case 'ClusterConfiguration':
      return { hosts: [], ...read(clusterRules(knownVersions)) };
    case 'InitConfiguration':
      return { hosts: [hostOf(document, ['localAPIEndpoint'], true)], ...read(initRules) };
    case 'JoinConfiguration': {
      const isPlane = recordOf(recordOf(document.data)?.['controlPlane']) !== undefined;
      return {
        hosts: [hostOf(document, ['controlPlane', 'localAPIEndpoint'], isPlane)],
        ...read(joinRules),
      };
    }
    case 'ResetConfiguration':
    case 'UpgradeConfiguration':
      return {
        ...{ hosts: [], fields: [] },
        keys: [
          {
            key: kind,
            at: document.at([]),
            why: 'it is about a command of kubeadm: `kboot reset` and `kboot up` do that',
          },
        ],
      };
    default:
      throw unreadable(document.at(['kind']), `kubeadm has no ${kind}`);
  }
}

/** The host that a document is about. `endpoint`: where its address stands. */
function hostOf(document: ForeignDocument, endpoint: Path, isPlane: boolean): ForeignHost {
  const data = recordOf(document.data) ?? {};
  const inner = endpoint.reduce<unknown>((value, step) => recordOf(value)?.[step], data);
  const registration = recordOf(data['nodeRegistration']) ?? {};
  const path = ['nodeRegistration', 'kubeletExtraArgs'];
  const flags = argumentPairs(registration['kubeletExtraArgs']);
  if (flags === undefined) throw document.fault(path, 'must be flags with their values');
  const flag = (name: string): string | undefined => flags.findLast(([each]) => each === name)?.[1];
  const advertised = textOf(recordOf(inner)?.['advertiseAddress']);
  const address = [flag('node-ip'), advertised].find(
    (each) => each !== undefined && each.split(',').every((one) => isNodeAddress(one.trim())),
  );
  const name = textOf(registration['name']) ?? flag('hostname-override');
  const taints = listOf(registration['taints']);
  const own = (taints ?? []).filter((taint) => recordOf(taint)?.['key'] !== controlPlaneTaint);
  // Without the list, kubeadm gives control planes their taint; an empty list takes it away.
  const runsPods = taints !== undefined && own.length === taints.length;
  const roles: readonly Role[] = !isPlane
    ? ['worker']
    : runsPods
      ? ['control-plane', 'worker']
      : ['control-plane'];
  const field = (at: Path, to: Path, value: unknown): ForeignField => ({
    ...{ path: to, value: jsonOf(value), key: at.join('.'), at: document.at(at) },
  });
  const labels = (flag('node-labels') ?? '').split(',').filter((each) => each.includes('='));
  const registered = (flag('register-with-taints') ?? '').split(',').flatMap((each) => taintOf(each) ?? []);
  return {
    at: document.at([]),
    ...(name !== undefined && { name }),
    ...{ roles, hints: [] },
    ...(address !== undefined && { address }),
    ssh: address === undefined ? {} : { address: address.split(',')[0]?.trim() ?? address },
    isLocal: false,
    fields: [
      ...own.map((taint) => field(['nodeRegistration', 'taints'], ['taints', -1], taintFields(taint))),
      ...labels.map((label) => {
        const [key = '', value = ''] = label.split(/=(.*)/s);
        return field(path, ['labels', key.trim()], value.trim());
      }),
      ...registered.map((taint) => field(path, ['taints', -1], taint)),
      ...flags
        .filter(([each]) => !ownFlags.includes(each))
        .map(([each, value]) => field(path, ['kubelet', 'extraArgs', -1], { name: each, value })),
    ],
  };
}

/** Flags of the kubelet that say what an inventory says in another place. */
const ownFlags = ['node-ip', 'hostname-override', 'node-labels', 'register-with-taints'];

/** `timeAdded` is not the operator's. */
function taintFields(taint: unknown): unknown {
  const { key, value, effect } = recordOf(taint) ?? {};
  return { key, ...(textOf(value) !== undefined && { value }), effect };
}

/** The endpoint that a host joins through. */
function joinEndpoint(document: ForeignDocument): readonly ForeignField[] {
  const path = ['discovery', 'bootstrapToken', 'apiServerEndpoint'];
  const value = textOf(path.reduce<unknown>((inner, step) => recordOf(inner)?.[step], document.data));
  return value === undefined
    ? []
    : [{ path: ['spec', 'controlPlaneEndpoint'], value, key: path.join('.'), at: document.at(path) }];
}
