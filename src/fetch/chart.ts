import { parse } from 'yaml';
import type { RemoteChart } from '../model/addon.ts';
import { wrongBytes } from './fetch-error.ts';
import { pinned, readBody } from './pinned.ts';
import { placeOf } from './registry.ts';
import { anonymous } from './registry-login.ts';
import { openWeb, type Web } from './web.ts';

/** The layer of a chart in a registry, and the types of a manifest that has one (https://helm.sh/docs/topics/registries). */
const chartLayer = 'application/vnd.cncf.helm.chart.content.v1.tar+gzip';
const manifestTypes = ['application/vnd.oci.image.manifest.v1+json'];

type ChartIn<Place extends 'repository' | 'oci'> = Extract<RemoteChart, Readonly<Record<Place, string>>>;

/**
 * The archive of a chart: from one of the files `held` or this user's cache if they have it, or else fetched and kept there.
 * Throws KbootError E-FETCH, also if the chart that is served has another SHA-256.
 */
export async function fetchChart(
  chart: RemoteChart,
  held: readonly string[],
  signal: AbortSignal = new AbortController().signal,
): Promise<Buffer> {
  return await pinned(chart.sha256, titleOf(chart), held, async () => {
    const web = openWeb({ signal });
    try {
      if ('oci' in chart) return await fromRegistry(web, chart);
      return await readBody((await web.get(await urlOf(web, chart))).body, titleOf(chart));
    } finally {
      web.close();
    }
  });
}

/** `ingress 4.13.2 of https://charts.example.com` */
export function titleOf(chart: RemoteChart): string {
  return 'oci' in chart
    ? `oci://${chart.oci}:${chart.version}`
    : `chart ${chart.name} ${chart.version} of ${chart.repository}`;
}

/** Where the index of a repository says that the archive of a chart is. */
async function urlOf(web: Web, chart: ChartIn<'repository'>): Promise<URL> {
  const { repository, name, version } = chart;
  const index = new URL(`${repository}/index.yaml`);
  const text = String(await readBody((await web.get(index)).body, index.href));
  const wrong = (what: string): Error => wrongBytes(index.href, what);
  let entries: unknown;
  try {
    ({ entries } = parse(text, { maxAliasCount: 0, logLevel: 'error' }) as { readonly entries?: unknown });
  } catch {
    throw wrong('is not the index of a repository of charts');
  }
  const list = (entries as Readonly<Record<string, unknown>> | undefined)?.[name];
  const versions: readonly unknown[] = Array.isArray(list) ? list : [];
  if (versions.length === 0) throw wrong(`has no chart ${name}`);
  const found = versions.find((each) => (each as { readonly version?: unknown } | null)?.version === version);
  if (found === undefined) throw wrong(`has chart ${name}, but not its version ${version}`);
  const [url] = (found as { readonly urls?: readonly unknown[] }).urls ?? [];
  if (typeof url !== 'string' || !URL.canParse(url, `${repository}/`))
    throw wrong(`names no URL of ${name} ${version}`);
  const at = new URL(url, `${repository}/`);
  if (at.protocol !== 'https:' && at.protocol !== index.protocol)
    throw wrong(`names ${at.href} for ${name} ${version}, which is neither https nor of its own kind`);
  return at;
}

/** Helm writes `+` of a version as `_` in a tag. */
async function fromRegistry(web: Web, chart: ChartIn<'oci'>): Promise<Buffer> {
  const { oci, version, sha256 } = chart;
  const { base, repository, tag } = placeOf(`${oci}:${version.replaceAll('+', '_')}`);
  const login = anonymous(web, repository);
  const answer = await web.get(new URL(`${base}/manifests/${tag}`), { accept: manifestTypes, login });
  const text = String(await readBody(answer.body, titleOf(chart)));
  const digest = `sha256:${sha256}`;
  const layers = layersIn(text);
  if (layers === undefined) throw wrongBytes(titleOf(chart), 'is not the manifest of a chart');
  if (!layers.some((layer) => layer.digest === digest && layer.mediaType === chartLayer))
    throw wrongBytes(
      titleOf(chart),
      `has the chart ${layers.find(({ mediaType }) => mediaType === chartLayer)?.digest ?? '(none)'}, expected ${digest}`,
    );
  const blob = await web.get(new URL(`${base}/blobs/${digest}`), { login });
  return await readBody(blob.body, titleOf(chart));
}

function layersIn(
  text: string,
): readonly { readonly digest?: string; readonly mediaType?: string }[] | undefined {
  try {
    const { layers } = JSON.parse(text) as { readonly layers?: unknown };
    return Array.isArray(layers) ? (layers as { digest?: string; mediaType?: string }[]) : undefined;
  } catch {
    return undefined;
  }
}
