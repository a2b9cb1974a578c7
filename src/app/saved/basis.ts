import { artifacts } from '../../catalog/artifacts.ts';
import { images } from '../../catalog/images.ts';
import { releaseOf } from '../../desire/context.ts';
import { statedSecrets } from '../../desire/secrets.ts';
import { uploadBytes } from '../../desire/user-work.ts';
import { certificatesFor } from '../../pki/certlist.ts';
import { refKey } from '../../kube/scopes.ts';
import type { KubeObject } from '../../kube/types.ts';
import { objectTitle } from '../../kube/types.ts';
import { sha256 } from '../../model/digest.ts';
import { withMasked } from '../../model/secret-value.ts';
import { factsOf, type Inspection } from '../../model/inspection.ts';
import type { ClusterObservation } from '../../observe/cluster.ts';
import { kbootVersion } from '../../model/kboot-version.ts';
import { leaves, type Facts, type Ground, type Sight } from '../../plan/saved/basis.ts';
import { templateTexts } from '../../render/renderer.ts';
import { factOf } from '../../resource/fact.ts';
import { resourceId } from '../../resource/kinds.ts';
import type { LivePlan } from '../make-plan.ts';
import type { Workspace } from '../workspace.ts';
import { isRecord } from '../../model/record.ts';

/** Fields with paths on this machine, where only the content of the file matters. */
const placesHere: readonly string[] = [
  'hostsFrom',
  'identityFile',
  'vagrantDir',
  'templates',
  'caFile',
  'certFile',
  'keyFile',
  'passwordFile',
  'secretAccessKeyFile',
  'bundleSigners',
];

/** The inputs of plans of this workspace, besides the observed state. */
export function groundOf({ cluster, desire, pki, toIssue, foreignEtcd }: Workspace): Ground {
  const id = pki.clusterId();
  const known = releaseOf(desire);
  const stating = [known, artifacts(known, 'amd64'), artifacts(known, 'arm64'), images(known, '')];
  const catalog = sha256(JSON.stringify(known.locked === undefined ? stating : []));
  // The paths of keys and templates on this machine do not affect a plan.
  const files = cluster.files?.map((file) => ({ ...file, name: file.path, content: undefined }));
  // The objects of add-ons affect it, and not where they come from.
  const addons = cluster.addons?.map(({ name, after, prune, timeoutSeconds }) => ({
    ...{ name, after, prune, timeoutSeconds },
    objects: sha256(JSON.stringify(desire.addons?.get(name) ?? [])),
  }));
  const stated = JSON.stringify(
    withMasked({ ...cluster, files, addons }, (secret) => `sha256 ${sha256(secret)}`),
    (key, value: unknown) => (placesHere.includes(key) ? undefined : value),
  );
  return {
    kboot: kbootVersion(),
    catalog,
    inventory: {
      ...leaves(JSON.parse(stated)),
      ...(known.locked && { 'kboot.lock.yaml': `sha256 ${sha256(JSON.stringify(known))}` }),
      ...Object.fromEntries(
        [...statedSecrets(desire), ...uploadBytes(desire)].map(([name, bytes]) => [
          name,
          `sha256 ${sha256(bytes)}`,
        ]),
      ),
    },
    templates: digests(templateTexts(cluster.templates)),
    bundle: Object.fromEntries((desire.bundle?.files ?? []).map(({ path, sha256: sum }) => [path, sum])),
    state: {
      ...(foreignEtcd && { 'spec.etcd.external': `sha256 ${sha256(JSON.stringify(foreignEtcd))}` }),
      ...(id !== undefined && { 'cluster ID': id }),
      ...Object.fromEntries(
        certificatesFor(cluster).flatMap((spec) => {
          if (toIssue.includes(spec.path)) return [[spec.path, 'to be issued']];
          if (spec.kind === 'key') return [[spec.path, 'there']];
          const { cert } = spec.kind === 'ca' ? pki.signer(spec.id) : pki.certificate(spec.id, spec.host);
          return [[spec.path, `sha256 ${sha256(cert)}`]];
        }),
      ),
    },
  };
}

type Seen = Pick<LivePlan, 'known' | 'seen' | 'decision'>;

/** The inputs of a plan on hosts, in etcd and in the API. */
export function sightOf(live: Seen): Sight {
  const { failed } = live.decision;
  const names = [...live.seen.hosts.keys(), ...failed.keys()];
  return {
    hosts: Object.fromEntries(
      [...new Set(names)].sort().map((name) => [name, failed.has(name) ? null : hostFacts(live, name)]),
    ),
    etcd: etcdFacts(live),
    api: apiFacts(live.decision.api),
  };
}

function hostFacts({ known, seen, decision }: Seen, name: string): Facts | null {
  const host = known.cluster.hosts.find((each) => each.name === name);
  const observed = seen.hosts.get(name);
  if (host === undefined || observed === undefined) return null;
  const facts = factsOf(observed.inspection, host.address);
  return {
    ...machineFacts(observed.inspection, facts.interface),
    ...Object.fromEntries(
      (decision.perHost.get(name)?.resources ?? []).map((want) => {
        const id = resourceId(want);
        return [id, factOf(want, observed.observations.get(id) ?? { state: 'unknown', reason: 'not read' })];
      }),
    ),
  };
}

/** The inputs of texts and decisions besides resources; preflight checks run again each time. */
function machineFacts(seen: Inspection, networkInterface: string): Facts {
  const { architecture, os, caDirectories, systemdResolved } = seen.facts;
  const entries: readonly (readonly [string, string])[] = [
    ['machine-id', seen.machineId],
    ['architecture', architecture],
    ['operating system', `${os.id} ${os.versionId}`],
    ['CA folders', caDirectories.join(' ')],
    ['systemd-resolved', systemdResolved ? 'active' : ''],
    ['interface', networkInterface],
    ['etcd data', seen.etcdData],
    ['etcd initial cluster', seen.etcdInitialCluster],
    ['etcd initial state', seen.etcdInitialState],
  ];
  return Object.fromEntries(entries.filter(([, value]) => value !== ''));
}

function etcdFacts({ seen, decision: { externalEtcd } }: Seen): Facts {
  if (externalEtcd !== undefined) return { 'cluster in the external etcd': externalEtcd };
  const etcd = seen.etcd.members;
  if (etcd.state !== 'present') return { etcd: etcd.state };
  return Object.fromEntries(
    etcd.members.map(({ id, name, isLearner, peerURLs }) => [
      `member ${name === '' ? peerURLs.join(' ') : name}`,
      `${id}, ${isLearner ? 'learner' : 'voter'}, ${etcd.healthy.has(id) ? 'healthy' : 'not healthy'}`,
    ]),
  );
}

function apiFacts(api: ClusterObservation | undefined): Facts {
  if (api === undefined) return {};
  if (api.state !== 'present') return { API: api.state };
  return Object.fromEntries<string>([
    ...[...api.objects.values()].map((object) => [objectTitle(object), objectFact(object)] as const),
    // Controllers change objects of add-ons all the time; what a plan makes of them is compared with the plan.
    ...[...(api.addons?.objects.values() ?? [])].map((object) => [refKey(object), nodeFact(object)] as const),
    ...[...api.nodes.values()].map(
      (node) => [objectTitle({ ...node, kind: 'Node' }), nodeFact(node)] as const,
    ),
  ]);
}

/** Controllers write status and bookkeeping all the time, and no plan depends on it. */
function objectFact(object: KubeObject): string {
  const { metadata, ...rest } = object;
  const { labels, annotations, uid } = metadata as KubeObject['metadata'] & { readonly uid?: string };
  return `uid ${uid ?? ''}, sha256 ${sha256(stable({ ...rest, status: undefined, labels, annotations }))}`;
}

/** Many clients change labels, annotations and taints of a Node; a plan only compares its own, and plans are compared too. */
function nodeFact(node: KubeObject): string {
  const { uid } = node.metadata as KubeObject['metadata'] & { readonly uid?: string };
  return `uid ${uid ?? ''}`;
}

function digests(texts: ReadonlyMap<string, string>): Facts {
  return Object.fromEntries([...texts].map(([name, text]) => [name, sha256(text)]));
}

/** JSON with sorted keys. */
function stable(value: unknown): string {
  return JSON.stringify(value, (_key, item: unknown): unknown =>
    isRecord(item) ? Object.fromEntries(Object.entries(item).sort(([a], [b]) => (a < b ? -1 : 1))) : item,
  );
}
