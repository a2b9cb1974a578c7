import { dirname, resolve } from 'node:path';
import type { Cluster } from '../model/cluster.ts';
import type { Diagnostic } from '../model/diagnostic.ts';
import { newClusterProfile, type SecurityProfile } from '../model/security.ts';
import { buildCluster } from './build.ts';
import { runChecks } from './checks/index.ts';
import type { ComponentCatalog } from './components/facts.ts';
import { defaults } from './defaults.ts';
import { concealed, withoutSecrets } from './conceal.ts';
import { readDocument } from './document.ts';
import { draftOf } from './draft.ts';
import type { Environment } from './environment.ts';
import { explainIssues } from './explain.ts';
import { withFileContents } from './file-contents.ts';
import { withHostsFrom, type ReadHosts } from './hosts-from.ts';
import { outlineOf } from './outline.ts';
import { offsetOf, type Problem, type Path } from './position.ts';
import { recordOf, type InventoryRecord } from './record.ts';
import { inventorySchema, type Inventory } from './schema.ts';
import type { TakenAt } from './source.ts';
import { isVerbatim } from './verbatim.ts';

export interface ParseOptions {
  /** Path shown in diagnostics; relative paths in the inventory are resolved from its folder. */
  readonly file: string;
  readonly env: Environment;
  readonly homeDirectory: string;
  /** Replaces spec.kubernetesVersion: a version on the way to that one. */
  readonly kubernetesVersion?: string | undefined;
  /** Kubernetes versions that can be installed (`v1.36.2`), newest first; undefined: any. */
  readonly knownVersions: readonly string[] | undefined;
  /** What the components of each version accept. */
  readonly components: ComponentCatalog;
  /** SSH user of hosts that do not set one; root when absent. */
  readonly defaultUser?: string;
  /** Reads what spec.hostsFrom names; absent: inventories in a test, or about to be written, name nothing. */
  readonly readHosts?: ReadHosts | undefined;
  /** What a cluster of this name is if its inventory has no spec.security.profile; absent: as new ones are. */
  readonly profileOf?: ((clusterName: string) => SecurityProfile) | undefined;
}

export interface ParseResult {
  /** Absent when any diagnostic is an error. */
  readonly cluster?: Cluster;
  /** What is kept of the inventory once it is applied; absent with the cluster. */
  readonly record?: InventoryRecord;
  /** Every problem in the text, sorted by position. */
  readonly diagnostics: readonly Diagnostic[];
  /** Position of a value in the text, for problems that other code finds with it. */
  readonly locate: (path: Path) => Pick<Diagnostic, 'file' | 'line' | 'column'>;
  /** A message about a value without what came from the environment. */
  readonly conceal: (message: string, path: Path) => string;
}

/** Parses an inventory. Pure, and never throws, whatever the text. */
export function parseInventory(text: string, options: ParseOptions): ParseResult {
  const read = withFileContents(readDocument(text, options.env, isVerbatim), options.env);
  const { readHosts = () => ({ problem: 'cannot be read here' }) } = options;
  const other = withHostsFrom(read, readHosts);
  const document = { ...other.document, data: atVersion(other.document.data, options.kubernetesVersion) };
  const conceal = (message: string, path: Path): string =>
    withoutSecrets(concealed(message, document.taken, path), path, document.data);
  const placeOf = (finding: Pick<Problem, 'path' | 'at'>): ReturnType<ParseResult['locate']> =>
    other.locate(finding) ?? {
      file: options.file,
      ...document.position(offsetOf(document.place, finding)),
    };
  const locate: ParseResult['locate'] = (path) => placeOf({ path });
  const ofText = [
    ...document.problems.map(({ offset, message }): Diagnostic => ({
      ...{ severity: 'error', file: options.file, ...document.position(offset) },
      message: conceal(message, []),
    })),
    ...other.diagnostics,
  ];
  if (document.data === undefined) return { diagnostics: ofText, locate, conceal };

  const parsed = inventorySchema.safeParse(document.data);
  const issues = parsed.success ? [] : explainIssues(parsed.error.issues, document.data, document.place);
  const ofShape = issues.filter(
    (finding) => !document.unreadable.some((path) => startsWith(finding.path, path)),
  );
  const draft = draftOf(
    document.data,
    issues.map((finding) => finding.path),
  );
  const profileOf = options.profileOf ?? (() => newClusterProfile);
  const ofWhole = runChecks({
    draft,
    outline: outlineOf(draft),
    knownVersions: options.knownVersions,
    components: options.components,
    profile: profileOf(draft.metadata?.name ?? ''),
    lineOf: (path) => locate(path).line,
  });

  const ofValues = [...ofShape, ...ofWhole].map((finding: Problem): Diagnostic => ({
    ...{ severity: finding.severity, ...placeOf(finding) },
    message: conceal(conceal(finding.message, finding.path), []),
  }));
  const diagnostics = [...ofText, ...ofValues].sort((a, b) => a.line - b.line || a.column - b.column);
  if (!parsed.success || diagnostics.some(({ severity }) => severity === 'error'))
    return { diagnostics, locate, conceal };
  const folders = { inventory: resolve(dirname(options.file)), home: options.homeDirectory };
  const defaultUser = options.defaultUser ?? defaults.sshUser;
  const cluster = buildCluster(withSecretFiles(parsed.data, document.taken), {
    folders,
    defaultUser,
    profileOf,
  });
  return {
    cluster,
    record: recordOf(
      parsed.data,
      cluster.security.profile,
      document.taken.map(({ path }) => path),
    ),
    diagnostics,
    locate,
    conceal,
  };
}

/** Files with something of the environment are secret, whether they say so or not. */
function withSecretFiles(inventory: Inventory, taken: readonly TakenAt[]): Inventory {
  const { files } = inventory.spec;
  const indices = taken.flatMap(({ path: [, list, index] }) => (list === 'files' ? [index] : []));
  if (files === undefined || indices.length === 0) return inventory;
  const secret = files.map((file, index) => (indices.includes(index) ? { ...file, secret: true } : file));
  return { ...inventory, spec: { ...inventory.spec, files: secret } };
}

/** The document with another Kubernetes version. */
function atVersion(data: unknown, kubernetesVersion: string | undefined): unknown {
  const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;
  if (kubernetesVersion === undefined || !isObject(data) || !('spec' in data) || !isObject(data.spec))
    return data;
  return { ...data, spec: { ...data.spec, kubernetesVersion } };
}

function startsWith(path: Path, start: Path): boolean {
  return start.every((step, index) => path[index] === step);
}
