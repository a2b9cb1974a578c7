import { catalog, knownVersions } from '../../catalog/release.ts';
import { clusterFields, clusterObstacles } from '../../desire/adopt/cluster.ts';
import { containerdObstacles } from '../../desire/adopt/containerd.ts';
import { componentFields } from '../../desire/adopt/settings.ts';
import type { InventoryField } from '../../inventory/field.ts';
import type { SeenCluster } from '../../desire/adopt/types.ts';
import { textContext } from '../../desire/context.ts';
import { lostSettings } from '../../desire/adopt/lost.ts';
import { versionWarnings } from '../../desire/adopt/versions.ts';
import type { TextContext } from '../../desire/text/types.ts';
import type { Obstacle } from '../../desire/read-back.ts';
import type { Cluster } from '../../model/cluster.ts';
import { assumedFacts } from '../../model/facts.ts';
import { certificatesFor } from '../../pki/certlist.ts';
import { createPki } from '../../pki/lookup.ts';
import { createRenderer } from '../../render/renderer.ts';
import { adoptedInventoryText, lostText } from '../../view/adopted-inventory.ts';
import type { NewSsh } from '../../view/new-inventory.ts';
import { parseNew, type NewlyParsed } from '../parse-new.ts';
import { desireOf, usedPki } from '../workspace.ts';
import { remedies } from '../remedies.ts';

/** The inventory of a cluster that was read. */
export interface AdoptedDraft {
  readonly text: string;
  /** undefined: it is not valid, as `obstacles` say. */
  readonly cluster: Cluster | undefined;
  readonly warnings: readonly string[];
  readonly obstacles: readonly Obstacle[];
}

/**
 * The inventory: first what the API says, then what the components have beyond what kboot would give such a cluster.
 * Pure, but for templates. It is parsed as every command will parse it, and what that refuses is an obstacle.
 */
export function draftInventory(
  {
    file,
    ssh,
    name,
    externalFolder,
  }: {
    readonly file: string;
    readonly ssh: NewSsh;
    readonly name?: string | undefined;
    /** Where the credentials of an external etcd will be, as the inventory names it. */
    readonly externalFolder: string;
  },
  seen: SeenCluster,
): AdoptedDraft {
  const obstacles = [...clusterObstacles(seen, knownVersions())];
  const parse = (fields: readonly InventoryField[]): NewlyParsed & { readonly text: string } => {
    const text = adoptedInventoryText(fields, ssh);
    return { text, ...parseNew(text, file) };
  };
  const fields = clusterFields(seen, name, externalFolder);
  const first = parse(fields);
  const refused = (errors: readonly string[]): readonly Obstacle[] =>
    errors.map((message) => ({
      message: `the inventory for it would not be valid: ${message}`,
      remedy: remedies.changeWithKubeadm,
    }));
  if (first.cluster === undefined)
    return { ...first, obstacles: obstacles.length > 0 ? obstacles : refused(first.errors) };
  const { cluster } = first;
  const pki = usedPki(cluster, createPki(certificatesFor(cluster), new Map()), undefined);
  const renderer = createRenderer({});
  const contextOf = (of: Cluster): TextContext =>
    textContext(
      desireOf(of, renderer, pki, { releases: catalog, bundle: undefined, uploads: new Map() }),
      assumedFacts,
    );
  const context = contextOf(cluster);
  const settings = componentFields(context, seen);
  obstacles.push(...containerdObstacles(context, seen));
  const replaced = new Set(settings.map(({ path }) => JSON.stringify(path)));
  const whole = parse([...fields.filter(({ path }) => !replaced.has(JSON.stringify(path))), ...settings]);
  const lost = whole.cluster === undefined ? [] : lostSettings(contextOf(whole.cluster), seen);
  return {
    ...{ cluster: whole.cluster, text: `${whole.text}${lostText(lost)}` },
    warnings: [...whole.warnings, ...versionWarnings(seen, cluster.kubernetesVersion), ...lost],
    obstacles: [...obstacles, ...refused(whole.errors)],
  };
}
