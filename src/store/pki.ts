import { randomBytes } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import pLimit from 'p-limit';
import type { Cluster } from '../model/cluster.ts';
import { few } from '../model/few.ts';
import type { Rotatable } from '../model/pki.ts';
import { KbootError } from '../model/error.ts';
import { certificatesFor } from '../pki/certlist.ts';
import type { IssueContext } from '../pki/issue.ts';
import { generateCaKey, generateRsaKey } from '../pki/keys.ts';
import { createPki } from '../pki/lookup.ts';
import { parsePrivateKey } from '../pki/parse.ts';
import { pkiPlan, type Issue, type Material, type PkiPlan } from '../pki/plan.ts';
import {
  crossStem,
  nextStem,
  noExchange,
  rotationView,
  type Rotation,
  type RotationView,
} from '../pki/rotation.ts';
import type { CaId, CertificateSpec, KeyPair, LeafSpec, Pki } from '../pki/types.ts';
import { caProblems, privateKeyProblem } from '../pki/verify.ts';
import { readText, writeAtomic } from './atomic.ts';
import { readPkiFiles, tidyPkiFiles } from './pki-files.ts';
import { writeStateFile } from './private-files.ts';
import { recordRotated } from './rotated.ts';
import { readRotation } from './rotation.ts';
import { recordFounding } from './security-profile.ts';
import type { State } from './state.ts';
import { remedies } from './remedies.ts';
import { lines } from '../model/language/text.ts';

export interface PkiSources extends IssueContext {
  /** A private key as PEM; default: a new one, as the inventory wants it. */
  readonly generateKey?: (spec: CertificateSpec) => Promise<string>;
  /** Paths of certificates to reissue even though they are valid. */
  readonly renew?: readonly string[];
}

/** The PKI on disk, and what an apply would issue. */
export interface LoadedPki {
  /** Everything that is valid now, and access to the cluster; lookups of the rest return placeholders. */
  readonly current: Pki;
  /** Everything that stays valid: without the material listed in `toIssue`. */
  readonly pki: Pki;
  readonly toIssue: readonly Issue[];
  readonly warnings: readonly string[];
  /** The exchange of CAs that has begun, or would begin. */
  readonly rotation: Rotation | undefined;
  /** The new CAs of an exchange that would begin: they are written when it does. */
  readonly next: Material;
}

/**
 * Reads the PKI and determines what an apply would issue: anything missing or no longer matching, and the host
 * certificates selected by `renew`. Writes nothing and generates no keys; the folder need not exist.
 * Throws E-PKI or E-STATE if the existing material cannot be used.
 */
export async function loadPki(
  state: State,
  cluster: Cluster,
  {
    now,
    renew,
    rotate = [],
  }: {
    readonly now: Date;
    readonly renew?: ((spec: LeafSpec) => boolean) | undefined;
    /** CAs to exchange, if no exchange has begun. */
    readonly rotate?: readonly Rotatable[];
  },
): Promise<LoadedPki> {
  const specs = certificatesFor(cluster);
  const clusterId = await recordedId(state);
  const begun = await readRotation(state);
  const rotation = begun ?? (rotate.length === 0 ? undefined : { cas: rotate, stage: 'trust' as const });
  const next =
    begun !== undefined || rotation === undefined ? new Map() : await nextCas(state, cluster, rotation, now);
  const { material, plan: valid, ...accepted } = await readPlan(state, specs, now, [], { rotation, next });
  const access = clusterId === undefined ? [] : await temporaryAccess(valid, material, now);
  const former = rotation?.stage === 'sign' ? await formerLeaves(state, specs, rotation, now) : [];
  const own = new Map([...usable(valid, material), ...access, ...former]);
  const chosen = specs.flatMap((spec) => (spec.kind === 'leaf' && renew?.(spec) === true ? [spec.path] : []));
  const plan = chosen.length === 0 ? valid : pkiPlan(specs, material, now, chosen);
  return {
    current: createPki(specs, own, clusterId, accepted),
    pki: createPki(specs, usable(plan, material), clusterId, accepted),
    toIssue: plan.issue,
    warnings: warningsOf(plan),
    ...{ rotation, next },
  };
}

/**
 * Reads the PKI and issues anything missing or no longer matching, and the host certificates at the paths in `renew`;
 * `issued` lists it by path under the pki folder.
 * The caller holds the lock. Throws E-PKI or E-STATE before the first write if the existing material cannot be used.
 * If it is killed at any point, the next call continues: CAs and the ServiceAccount key are on disk before anything
 * that they sign, and the key of each pair is written first, so that a pair is either valid or detected by pkiPlan.
 */
export async function loadOrCreatePki(
  state: State,
  cluster: Cluster,
  sources: PkiSources,
): Promise<{ readonly pki: Pki; readonly issued: readonly string[]; readonly warnings: readonly string[] }> {
  const specs = certificatesFor(cluster);
  const { material, plan, ...accepted } = await readPlan(state, specs, sources.now, sources.renew ?? [], {
    rotation: await readRotation(state),
  });
  await recordFounding(state, cluster.security.profile);
  await tidyPkiFiles(state);
  const result = new Map(usable(plan, material));
  const makeKey = sources.generateKey ?? newKey(cluster);
  if (plan.issue.length > 0)
    await issueAll(state, specs, plan.issue, { ...sources, generateKey: makeKey }, result);
  const recorded = await recordedId(state);
  const pki = createPki(specs, result, recorded, accepted);
  const clusterId = pki.clusterId();
  if (recorded === undefined && clusterId !== undefined) {
    // The CAs of a new cluster are new.
    await recordRotated(state, cluster);
    await writeAtomic(state.clusterId, `${clusterId}\n`);
  }
  return {
    pki,
    issued: plan.issue.map(({ spec }) => spec.path),
    warnings: warningsOf(plan),
  };
}

/** Certificates of the former CA: they are accepted, and in use, until those of the new one are issued. */
async function formerLeaves(
  state: State,
  specs: readonly CertificateSpec[],
  rotation: Rotation,
  now: Date,
): Promise<readonly (readonly [path: string, text: string])[]> {
  const { material, plan } = await readPlan(state, specs, now, [], {
    rotation: { ...rotation, stage: 'trust' },
  });
  return plan.keep.flatMap(({ kind, path }) =>
    kind !== 'leaf'
      ? []
      : [`${path}.crt`, `${path}.key`].map((file) => [file, material.get(file) ?? ''] as const),
  );
}

/**
 * Client certificates to read a cluster with, in place of those that have expired or are missing here: its API servers and
 * etcd accept any of their CAs. Without them a cluster that is well would look as if it did not answer. Never on a disk.
 */
async function temporaryAccess(
  { issue, keep }: PkiPlan,
  material: Material,
  now: Date,
): Promise<readonly (readonly [path: string, text: string])[]> {
  const due = issue.flatMap(({ spec }) => (isAccess(spec) ? [spec] : []));
  if (due.length === 0) return [];
  const { issueLeaf } = await import('../pki/issue.ts');
  const key = await generateRsaKey();
  return due.flatMap((spec) => {
    const ca = keep.find(({ id }) => id === spec.ca);
    const cert = material.get(`${ca?.path ?? ''}.crt`);
    const caKey = material.get(`${ca?.path ?? ''}.key`);
    if (cert === undefined || caKey === undefined) return [];
    const text = issueLeaf(spec, key, { cert, key: caKey }, { now, randomBytes });
    return [[`${spec.path}.crt`, text] as const, [`${spec.path}.key`, key] as const];
  });
}

/** What app/credentials.ts uses. */
function isAccess(spec: CertificateSpec): spec is LeafSpec {
  return spec.id === 'super-admin' || spec.id === 'etcd-healthcheck-client';
}

/** The cluster's identity as recorded when it was bootstrapped; undefined before that. Throws E-STATE. */
async function recordedId(state: State): Promise<string | undefined> {
  const id = (await readText(state.clusterId))?.trim();
  if (id === undefined || /^sha256:[0-9a-f]{64}$/.test(id)) return id;
  throw new KbootError('E-STATE', `${state.clusterId} does not contain a cluster ID.`, {
    remedy: remedies.clusterIdFile,
  });
}

async function readPlan(
  state: State,
  specs: readonly CertificateSpec[],
  now: Date,
  renew: readonly string[],
  { rotation, next = new Map() }: { readonly rotation: Rotation | undefined; readonly next?: Material },
): Promise<RotationView & { plan: PkiPlan }> {
  const onDisk = new Map([...(await readPkiFiles(state)), ...next]);
  const view = viewOf(state, specs, onDisk, rotation);
  const plan = pkiPlan(specs, view.material, now, renew);
  const [first] = plan.problems;
  if (first === undefined) return { ...view, plan };
  const code = plan.problems.some((problem) => problem.code === 'E-STATE') ? 'E-STATE' : 'E-PKI';
  const problems = plan.problems.map(({ file, message }) => `${join(state.pki, file)} ${message}`);
  throw new KbootError(code, problems.join('\n'), {
    remedy: lines(...plan.problems.map(({ remedy }) => remedy)),
  });
}

/** What the files mean in an exchange of CAs. Throws E-STATE if a new CA is missing. */
function viewOf(
  state: State,
  specs: readonly CertificateSpec[],
  onDisk: Material,
  rotation: Rotation | undefined,
): RotationView {
  if (rotation === undefined) return { material: onDisk, ...noExchange };
  const { missing, ...view } = rotationView(specs, onDisk, rotation);
  if (missing.length === 0) return view;
  throw new KbootError(
    'E-STATE',
    `${missing.map((stem) => join(state.pki, stem)).join(', ')}: what takes the place of the former one is missing`,
    {
      remedy: remedies.exchangeHasBegun,
    },
  );
}

/**
 * New CAs and keys, in memory. Those that the operator put beside the others, as pki/next/ca.crt and .key, are used as they
 * are. Throws E-PKI if one of them cannot be.
 */
async function nextCas(state: State, cluster: Cluster, { cas }: Rotation, now: Date): Promise<Material> {
  const { issueCa, issueCross } = await import('../pki/issue.ts');
  const onDisk = await readPkiFiles(state);
  const texts = new Map<string, string>();
  for (const spec of certificatesFor(cluster)) {
    if (spec.kind === 'leaf' || !cas.includes(spec.id)) continue;
    const stem = nextStem(spec.path);
    const key = onDisk.get(`${stem}.key`) ?? (await generateCaKey(cluster.caKeyAlgorithm));
    texts.set(`${stem}.key`, key);
    if (spec.kind === 'key') {
      refuseNext(state, `${stem}.key`, parsePrivateKey(key) === undefined ? [privateKeyProblem(key)] : []);
      continue;
    }
    const given = onDisk.get(`${stem}.crt`);
    const cert = given ?? issueCa(spec, key, { now, randomBytes });
    if (given !== undefined) refuseNext(state, `${stem}.crt`, caProblems({ cert, key }, now));
    texts.set(`${stem}.crt`, cert);
    const [former, formerKey] = [onDisk.get(`${spec.path}.crt`), onDisk.get(`${spec.path}.key`)];
    if (spec.id === 'ca' && former !== undefined && formerKey !== undefined)
      texts.set(
        `${crossStem(spec.path)}.crt`,
        issueCross(cert, { cert: former, key: formerKey }, { now, randomBytes }),
      );
  }
  return texts;
}

function refuseNext(state: State, file: string, problems: readonly string[]): void {
  if (problems.length === 0) return;
  throw new KbootError('E-PKI', `${join(state.pki, file)} ${problems.join('; ')}`, {
    remedy: remedies.replaceCertificate,
  });
}

/** Keys of hosts are RSA-2048, whatever those of CAs are. */
function newKey(cluster: Cluster): (spec: CertificateSpec) => Promise<string> {
  return ({ kind }) => (kind === 'leaf' ? generateRsaKey() : generateCaKey(cluster.caKeyAlgorithm));
}

/** The texts that stay: both halves of pairs that are kept, and the keys that are reused. */
function usable(plan: PkiPlan, material: Material): Material {
  const paths = [
    ...plan.keep.flatMap(({ path }) => [`${path}.crt`, `${path}.key`]),
    ...plan.issue.flatMap(({ spec, key }) => (key === 'reuse' ? [`${spec.path}.key`] : [])),
  ];
  return new Map(
    paths.flatMap((path) => {
      const text = material.get(path);
      return text === undefined ? [] : [[path, text] as const];
    }),
  );
}

async function issueAll(
  state: State,
  specs: readonly CertificateSpec[],
  issues: readonly Issue[],
  sources: PkiSources & Required<Pick<PkiSources, 'generateKey'>>,
  material: Map<string, string>,
): Promise<void> {
  // node-forge is loaded only if something is issued: most runs issue nothing.
  const { issueCa, issueLeaf } = await import('../pki/issue.ts');
  const limit = pLimit(availableParallelism());

  const put = async (path: string, text: string): Promise<void> => {
    await writeStateFile(state, join(state.pki, path), text);
    material.set(path, text);
  };
  const ca = (id: CaId): KeyPair => {
    const path = specs.find((spec) => spec.id === id)?.path ?? id;
    return { cert: material.get(`${path}.crt`) ?? '', key: material.get(`${path}.key`) ?? '' };
  };
  const certificate = (spec: CertificateSpec, key: string): string | undefined => {
    switch (spec.kind) {
      case 'ca':
        return issueCa(spec, key, sources);
      case 'leaf':
        return issueLeaf(spec, key, ca(spec.ca), sources);
      case 'key':
        return undefined;
    }
  };
  const issue = async ({ spec }: Issue): Promise<void> => {
    const reused = material.get(`${spec.path}.key`);
    const key = reused ?? (await sources.generateKey(spec));
    const cert = certificate(spec, key);
    if (reused === undefined) await put(`${spec.path}.key`, key);
    if (cert !== undefined) await put(`${spec.path}.crt`, cert);
  };
  const all = async (stage: readonly Issue[]): Promise<void> => {
    const results = await Promise.allSettled(stage.map((item) => limit(issue, item)));
    for (const result of results) if (result.status === 'rejected') throw result.reason;
  };

  await all(issues.filter(({ spec }) => spec.kind !== 'leaf'));
  await all(issues.filter(({ spec }) => spec.kind === 'leaf'));
}

function warningsOf(plan: PkiPlan): readonly string[] {
  return [...expiredOf(plan), ...expiringOf(plan)];
}

/** `certificates of cp-1 expired on 2025-11-28: apiserver, etcd/server; this plan replaces them` */
function expiredOf({ expired }: PkiPlan): readonly string[] {
  const hosts = new Map<string, typeof expired>();
  for (const each of expired) hosts.set(each.spec.host, [...(hosts.get(each.spec.host) ?? []), each]);
  return [...hosts].map(([host, own]) => {
    const dates = own.map(({ notAfter }) => notAfter.toISOString().slice(0, 10)).sort();
    const [first = '', last = first] = [dates[0], dates.at(-1)];
    const names = own.map(({ spec }) => spec.path.slice(`hosts/${host}/`.length));
    const when = first === last ? `on ${first}` : `from ${first} to ${last}`;
    return `certificates of ${host} expired ${when}: ${few(names, 12)}; this plan replaces them`;
  });
}

function expiringOf(plan: PkiPlan): readonly string[] {
  const earliest = plan.expiring.map(({ notAfter }) => notAfter).sort((a, b) => a.getTime() - b.getTime())[0];
  if (earliest === undefined) return [];
  const paths = plan.expiring.map(({ spec }) => `${spec.path}.crt`);
  return [
    `certificates expire within 90 days, the earliest on ${earliest.toISOString().slice(0, 10)}: ${few(paths, 5)}; \`kboot up INVENTORY --renew-certs\` issues new ones`,
  ];
}
