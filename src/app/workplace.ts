import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { knownVersions, release } from '../catalog/release.ts';
import type { Desire } from '../desire/context.ts';
import { loadInventory } from '../inventory/load.ts';
import type { Cluster } from '../model/cluster.ts';
import { formatDiagnostic, type Diagnostic } from '../model/diagnostic.ts';
import { KbootError } from '../model/error.ts';
import { clusterId } from '../pki/digest.ts';
import type { Pki } from '../pki/types.ts';
import { createRenderer } from '../render/renderer.ts';
import type { Renderer } from '../render/params.ts';
import { openBundle, type Bundle } from '../store/bundle.ts';
import { loadPki } from '../store/pki.ts';
import { defaultStateDir, peekState, type State } from '../store/state.ts';

export interface CommonOptions {
  readonly inventory: string;
  readonly state?: string | undefined;
  readonly bundle?: string | undefined;
}

/** What every command on a cluster starts from: the inventory, the operator's state, the bundle. Nothing is written. */
export interface Workplace {
  readonly inventoryFile: string;
  readonly cluster: Cluster;
  readonly warnings: readonly Diagnostic[];
  readonly preflightIgnore: readonly string[];
  readonly state: State;
  readonly pki: Pki;
  /** Paths of certificates and keys that apply would issue. */
  readonly toIssue: readonly string[];
  readonly pkiWarnings: readonly string[];
  readonly desire: Desire;
}

/** Reads the inventory. Throws KbootError E-INVENTORY with every problem, one a line, as its message. */
export function readInventory(file: string): { cluster: Cluster; warnings: readonly Diagnostic[] } {
  const { cluster, diagnostics } = loadInventory(file, process.env, knownVersions());
  if (cluster !== undefined) return { cluster, warnings: diagnostics };
  const count = diagnostics.filter((each) => each.severity === 'error').length;
  throw new KbootError('E-INVENTORY', diagnostics.map(formatDiagnostic).join('\n'), {
    remedy: `${count} problem${count === 1 ? '' : 's'}; nothing was contacted.`,
  });
}

/** Opens the workplace of a cluster. Throws what the inventory, state and bundle throw. */
export async function openWorkplace(options: CommonOptions): Promise<Workplace> {
  const { cluster, warnings } = readInventory(options.inventory);
  const state = await peekState(options.state ?? defaultStateDir(options.inventory, cluster.name));
  const loaded = await loadPki(state, cluster, { now: new Date() });
  const bundle =
    options.bundle === undefined || options.bundle === '' ? undefined : openBundle(resolve(options.bundle));
  release(cluster.kubernetesVersion);
  const renderer = createRenderer(cluster.templates === undefined ? {} : { templatesDir: cluster.templates });
  return {
    inventoryFile: options.inventory,
    cluster,
    warnings,
    preflightIgnore: cluster.preflight?.ignore ?? [],
    state,
    pki: loaded.pki,
    toIssue: loaded.toIssue.map(({ spec }) => spec.path),
    pkiWarnings: loaded.warnings,
    desire: desireOf(cluster, renderer, loaded.pki, bundle),
  };
}

/** What the desired state of a cluster is made from. */
export function desireOf(cluster: Cluster, renderer: Renderer, pki: Pki, bundle: Bundle | undefined): Desire {
  return {
    cluster,
    renderer,
    pki,
    clusterId: pki.isIssued('ca') ? clusterId(pki.ca('ca').cert) : undefined,
    bundle,
  };
}

/** known_hosts files, as ssh reads them. */
export function knownHostsFiles(): readonly string[] {
  const extra = process.env['KBOOT_KNOWN_HOSTS'];
  return [
    ...(extra === undefined || extra === '' ? [] : [extra]),
    join(homedir(), '.ssh', 'known_hosts'),
    '/etc/ssh/ssh_known_hosts',
  ];
}
