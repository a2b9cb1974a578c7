import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chartInBundle } from '../../desire/bundle-contents.ts';
import { servedByDefinitions } from '../../kube/api-versions.ts';
import { sharedReader } from '../../kube/shared-documents.ts';
import type { KubeObject } from '../../kube/types.ts';
import type { Addon, Chart } from '../../model/addon.ts';
import type { Bundle } from '../../store/bundle.ts';
import { parsed } from './parsed.ts';
import { hooksNote, sortHooks } from './hooks.ts';
import { randomNote } from './random.ts';

/** What add-ons are rendered for, and the bundle that may have their charts and manifests. */
export interface RenderedFor {
  readonly kubernetesVersion: string;
  readonly bundle?: Pick<Bundle, 'directory' | 'files'> | undefined;
}

/** Objects of an add-on, and what the plan says about where they come from. */
interface RenderedChart {
  readonly objects: readonly KubeObject[];
  readonly notes: readonly string[];
}

/**
 * The objects of an add-on's chart, rendered by helm. `needed`: the objects of the add-ons that it waits for, whose CRDs the
 * API serves by then. The same on every machine and at every time, unless the chart itself has random values: it is
 * rendered twice to see that. Throws KbootError E-ADDON, E-FETCH.
 */
export async function renderChart(
  { name, namespace = 'default' }: Pick<Addon, 'name' | 'namespace'>,
  chart: Chart,
  needed: readonly KubeObject[],
  { kubernetesVersion, bundle }: RenderedFor,
): Promise<RenderedChart> {
  const { helmTemplate, helmCrds } = await import('../../store/helm.ts');
  const { release, values, valuesFiles } = chart;
  const title = `add-on ${name}`;
  return await atChart(chart, bundle, async (path) => {
    // Helm, too, installs the CRDs in crds/ before it renders templates.
    const read = sharedReader();
    const own = read(await helmCrds(title, path)).objects;
    const what = {
      ...{ title, chart: path, release, namespace, kubernetesVersion, values, valuesFiles },
      apiVersions: [...chart.apiVersions, ...servedByDefinitions([...needed, ...own])],
    };
    const [text, again] = await Promise.all([helmTemplate(what), helmTemplate(what)]);
    const all = parsed(name, 'what helm rendered', text, read);
    const { applied, others } = sortHooks(all, chart.hooks);
    return {
      objects: applied,
      notes: [
        ...(others.length === 0 ? [] : [hooksNote(name, others, chart.hooks)]),
        ...(text === again ? [] : randomNote(name, all, parsed(name, 'what helm rendered', again, read))),
      ],
    };
  });
}

/** Calls with the path of a chart on this machine: one that is fetched is there only until the call ends. */
async function atChart<T>(
  { source }: Chart,
  bundle: RenderedFor['bundle'],
  use: (path: string) => Promise<T>,
): Promise<T> {
  if ('path' in source) return await use(source.path);
  const { fetchChart } = await import('../../fetch/chart.ts');
  const held = chartInBundle(source.sha256);
  const isHeld = bundle?.files.some(({ path }) => path === held) === true;
  const bytes = await fetchChart(source, isHeld ? [join(bundle.directory, held)] : []);
  const folder = await mkdtemp(join(tmpdir(), 'kboot-chart-'));
  try {
    const archive = join(folder, 'chart.tgz');
    await writeFile(archive, bytes, { mode: 0o600 });
    return await use(archive);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
