import type { Login, Web } from './web.ts';

/** A token has a few KB. */
const mostBytes = 1 << 20;

/**
 * Anonymous login, as public registries require it: a token for pulling one repository, from the server in the
 * challenge (https://distribution.github.io/distribution/spec/auth/token/).
 */
export function anonymous(web: Web, repository: string): Login {
  const tokens = new Map<string, string>();
  return {
    header: (origin) => tokens.get(origin),
    async answer(origin, challenge) {
      const url = tokenUrl(challenge, repository);
      if (url === undefined) return false;
      // As for redirects: no step down from HTTPS, after which anybody could answer.
      if (url.protocol !== 'https:' && !origin.startsWith('http:')) return false;
      const chunks: Uint8Array[] = [];
      let size = 0;
      for await (const chunk of (await web.get(url)).body) {
        size += chunk.length;
        if (size > mostBytes) return false;
        chunks.push(chunk);
      }
      const { token, access_token: other } = parsed(Buffer.concat(chunks).toString('utf8'));
      const given = token ?? other;
      if (typeof given !== 'string' || !/^[\x20-\x7e]+$/.test(given)) return false;
      tokens.set(origin, `Bearer ${given}`);
      return true;
    },
  };
}

/** `Bearer realm="https://auth.example/token",service="registry.example",scope="repository:a/b:pull"` */
function tokenUrl(challenge: string, repository: string): URL | undefined {
  const said = new Map(
    [...challenge.matchAll(/(?<!\w)(\w+)="([^"]*)"/g)].map(([, name, value]) => [name, value]),
  );
  const realm = said.get('realm');
  if (!/^bearer /i.test(challenge) || realm === undefined || !URL.canParse(realm)) return undefined;
  const url = new URL(realm);
  const service = said.get('service');
  if (service !== undefined) url.searchParams.set('service', service);
  url.searchParams.set('scope', said.get('scope') ?? `repository:${repository}:pull`);
  return url;
}

function parsed(text: string): { readonly token?: unknown; readonly access_token?: unknown } {
  try {
    return (JSON.parse(text) ?? {}) as object;
  } catch {
    return {};
  }
}
