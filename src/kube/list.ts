import { refused, type KubeClient } from './client.ts';

/** Objects of one page: what the API server reads from etcd at a time. */
const pageSize = 500;
/** A list may be read from its beginning once more, since a token for its next page expires after five minutes. */
const attempts = 2;

interface Page {
  readonly items: readonly unknown[];
  readonly metadata?: { readonly continue?: string };
}

/**
 * Every object of a collection, page by page; `keep` is called with each as soon as it is read, so that a big cluster's
 * objects are not held whole. Empty if the API server does not serve it. Throws KbootError E-KUBE-API.
 */
export async function listAll<Kept>(
  kube: KubeClient,
  path: string,
  keep: (object: never) => Kept | undefined,
): Promise<Kept[]> {
  for (let attempt = 1; ; attempt++) {
    const kept: Kept[] = [];
    let next = '';
    do {
      const token = next === '' ? '' : `&continue=${encodeURIComponent(next)}`;
      const answer = await kube.request(
        'GET',
        `${path}${path.includes('?') ? '&' : '?'}limit=${pageSize}${token}`,
      );
      if (answer.status === 404) return [];
      if (answer.status === 410 && attempt < attempts) break;
      if (answer.status !== 200) throw refused(`reading ${path}`, answer);
      const { items, metadata } = answer.body as Page;
      for (const item of items) {
        const own = keep(item as never);
        if (own !== undefined) kept.push(own);
      }
      next = metadata?.continue ?? '';
      if (next === '') return kept;
    } while (next !== '');
  }
}
