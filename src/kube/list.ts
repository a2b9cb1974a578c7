import { KbootError } from '../model/error.ts';
import { itemsIn, refused, type KubeClient } from './client.ts';

/** Objects of one page: what the API server reads from etcd at a time. */
const pageSize = 500;
/** A list may be read from its beginning once more, since a token for its next page expires after five minutes. */
const attempts = 2;

/** More objects than any cluster has: a list that has no end is an error. */
const mostPages = 2000;

/**
 * Every object of a collection, page by page; `keep` is called with each as soon as it is read, so that a big cluster's
 * objects are not held whole. Empty if the API server does not serve it, unless every API server does (`isCore`). Throws
 * KbootError E-KUBE-API.
 */
export async function listAll<Kept>(
  kube: KubeClient,
  path: string,
  keep: (object: never) => Kept | undefined,
  { isCore = false } = {},
): Promise<Kept[]> {
  for (let attempt = 1; ; attempt++) {
    const kept: Kept[] = [];
    let next = '';
    for (let page = 1; page <= mostPages; page++) {
      const from = next === '' ? '' : `&continue=${encodeURIComponent(next)}`;
      const answer = await kube.request(
        'GET',
        `${path}${path.includes('?') ? '&' : '?'}limit=${pageSize}${from}`,
      );
      if (answer.status === 404 && !isCore) return [];
      if (answer.status === 410 && attempt < attempts) break;
      if (answer.status !== 200) throw refused(`reading ${path}`, answer);
      for (const item of itemsIn(answer.body, path)) {
        const own = keep(item as never);
        if (own !== undefined) kept.push(own);
      }
      const token = continueOf(answer.body);
      if (token === '') return kept;
      if (page === mostPages) throw new KbootError('E-KUBE-API', `reading ${path}: the list has no end`);
      next = token;
    }
  }
}

function continueOf(body: unknown): string {
  const token = (body as { readonly metadata?: { readonly continue?: unknown } | null }).metadata?.continue;
  return typeof token === 'string' ? token : '';
}
